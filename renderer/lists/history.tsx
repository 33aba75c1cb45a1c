import { UnstyledButton } from '@mantine/core';
import { useCallback, useState } from 'react';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { yuanText } from '../money.ts';
import { orderTail } from '../order-number.ts';
import { useTillContext } from '../till-context.ts';
import { dayAndTime } from '../times.ts';
import { WalletName } from '../wallet.tsx';
import { ListState } from './list-state.tsx';
import { Sheet } from './sheet.tsx';
import { Timeline } from './timeline.tsx';
import { usePage } from './use-page.ts';

const PAGE = 50;

/** Every trade, newest first; one of them opens as a timeline. */
export default function History({ onClose }: { onClose(): void }) {
  const { api } = useTillContext();
  const { t } = useWords();
  const [query, setQuery] = useState('');
  const [opened, setOpened] = useState<string | null>(null);
  const read = useCallback(
    (q: string, cursor: string | undefined) =>
      api.trades.list({
        limit: PAGE,
        ...(q.trim() === '' ? {} : { q: q.trim() }),
        ...(cursor === undefined ? {} : { cursor }),
      }),
    [api],
  );
  const { page, failure, more, again } = usePage(read, query, '');
  const items = page?.items ?? [];
  const isEmpty = page !== null && items.length === 0;
  const empty = query.trim() === '' ? t('history.empty') : t('orders.none_found', { q: query.trim() });
  const back = <Action onPress={() => setOpened(null)}>{t('history.back')}</Action>;
  return (
    <Sheet
      title={t('history.title')}
      searchWords={t('history.search')}
      query={query}
      onQuery={setQuery}
      onClose={onClose}
      instead={opened === null ? undefined : back}
    >
      {opened !== null ? (
        <Timeline tradeNo={opened} />
      ) : (
        <>
          <ListState
            isRead={page !== null}
            failure={failure}
            empty={isEmpty ? empty : null}
            onAgain={again}
          />
          <ul className="list">
            {items.map((trade) => (
              <li key={trade.tradeNo}>
                <UnstyledButton className="list-row" onClick={() => setOpened(trade.tradeNo)}>
                  <span className="list-main">
                    <WalletName channel={trade.channel} />
                    <small>
                      {t('stage.order')} …{orderTail(trade.orderNo)}
                    </small>
                  </span>
                  <time>{dayAndTime(trade.createdAt).slice(5, 16)}</time>
                  <span className="number list-amount">¥ {yuanText(trade.amountFen)}</span>
                  <span className={trade.state === 'paid' ? 'list-state-word' : 'list-state-word quiet'}>
                    {trade.surplus
                      ? t('sale.surplus')
                      : trade.late
                        ? t('sale.late')
                        : t(`state.${trade.state}`)}
                  </span>
                </UnstyledButton>
              </li>
            ))}
          </ul>
          {page?.nextCursor && <Action onPress={more}>{t('history.more')}</Action>}
        </>
      )}
    </Sheet>
  );
}
