import { UnstyledButton } from '@mantine/core';
import { useCallback, useState } from 'react';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { yuanText } from '../money.ts';
import { isLive } from '../store/screen.ts';
import { useTill, useTillContext } from '../till-context.ts';
import { clockTime } from '../times.ts';
import { ListState } from './list-state.tsx';
import { Sheet } from './sheet.tsx';
import { usePage } from './use-page.ts';

const PAGE = 50;

/** Orders that other systems sent ahead: pick one and its codes appear. */
export default function Orders({ onClose }: { onClose(): void }) {
  const { till, api } = useTillContext();
  const { t } = useWords();
  const [query, setQuery] = useState('');
  // The list follows the stream: any order that changes may enter or leave it.
  const revision = useTill((state) =>
    Object.values(state.orders)
      .filter((order) => order.source === 'integrator')
      .map((order) => `${order.orderNo}${order.state}`)
      .join(),
  );
  const read = useCallback(
    (q: string, cursor: string | undefined) =>
      api.orders.list({
        state: 'open',
        source: 'integrator',
        limit: PAGE,
        ...(q.trim() === '' ? {} : { q: q.trim() }),
        ...(cursor === undefined ? {} : { cursor }),
      }),
    [api],
  );
  const { page, failure, more, again } = usePage(read, query, revision);
  const items = page?.items ?? [];
  const isEmpty = page !== null && items.length === 0;
  const empty = query.trim() === '' ? t('orders.empty') : t('orders.none_found', { q: query.trim() });
  return (
    <Sheet
      title={t('orders.title')}
      search={{ words: t('orders.search'), query, onQuery: setQuery }}
      onClose={onClose}
    >
      <ListState isRead={page !== null} failure={failure} empty={isEmpty ? empty : null} onAgain={again} />
      <ul className="list">
        {items.map((order) => (
          <li key={order.orderNo}>
            <UnstyledButton
              className="list-row"
              onClick={() => {
                till.collect(order);
                onClose();
              }}
            >
              <span className="list-main">
                <b>{order.orderNo}</b>
                <small>{[order.subject, order.note].filter(Boolean).join(' · ')}</small>
              </span>
              <time>{clockTime(order.createdAt, 'minutes')}</time>
              <span className="number list-amount">¥ {yuanText(order.amountFen)}</span>
              <span className="list-go">{t(isLive(order) ? 'orders.live' : 'orders.collect')}</span>
            </UnstyledButton>
          </li>
        ))}
      </ul>
      {page?.nextCursor && <Action onPress={more}>{t('history.more')}</Action>}
    </Sheet>
  );
}
