import { UnstyledButton } from '@mantine/core';
import { useCallback } from 'react';
import type { Trade } from '../../contract/trade.ts';
import { Action } from '../action.tsx';
import { AttentionSign } from '../cashier/attention-badge.tsx';
import { useWords } from '../i18n/index.ts';
import { yuanText } from '../money.ts';
import { orderTail } from '../order-number.ts';
import { tradeWord } from '../owed.ts';
import { useTillContext } from '../till-context.ts';
import { dayAndTime } from '../times.ts';
import { WalletName } from '../wallet.tsx';
import { type Filters, filtersSet, historyQuery } from './history-query.ts';
import { ListState } from './list-state.tsx';
import { usePage } from './use-page.ts';

const PAGE = 50;

/** The trades that a search finds, newest first. */
export function TradeRows(props: { query: string; filters: Filters; onOpen(tradeNo: string): void }) {
  const { query, filters, onOpen } = props;
  const { api } = useTillContext();
  const { t } = useWords();
  const read = useCallback(
    (q: string, cursor: string | undefined) =>
      api.trades.list({
        limit: PAGE,
        ...historyQuery(q, filters),
        ...(cursor === undefined ? {} : { cursor }),
      }),
    [api, filters],
  );
  const { page, failure, more, again } = usePage(read, query, '');
  const items = page?.items ?? [];
  const isEmpty = page !== null && items.length === 0;
  const isNarrowed = filtersSet(filters) > 0;
  const empty = isNarrowed
    ? t('filter.none_found')
    : query.trim() === ''
      ? t('history.empty')
      : t('orders.none_found', { q: query.trim() });
  return (
    <>
      <ListState isRead={page !== null} failure={failure} empty={isEmpty ? empty : null} onAgain={again} />
      <ul className="list">
        {items.map((trade) => (
          <li key={trade.tradeNo}>
            <UnstyledButton className="list-row" onClick={() => onOpen(trade.tradeNo)}>
              <span className="list-main">
                <WalletName channel={trade.channel} />
                <small>
                  {t('stage.order')} …{orderTail(trade.orderNo)}
                </small>
              </span>
              <time>{dayAndTime(trade.createdAt).slice(5, 16)}</time>
              <span className="number list-amount">¥ {yuanText(trade.amountFen)}</span>
              <TradeWord trade={trade} />
            </UnstyledButton>
          </li>
        ))}
      </ul>
      {page?.nextCursor && <Action onPress={more}>{t('history.more')}</Action>}
    </>
  );
}

/** Money to give back and contradictions are not only coloured: they carry a sign. */
function TradeWord({ trade }: { trade: Trade }) {
  const { t } = useWords();
  const asksAPerson = trade.incident !== null || trade.refundDue !== null;
  const isQuiet = trade.state !== 'paid' && !asksAPerson;
  return (
    <span className={isQuiet ? 'list-state-word quiet' : 'list-state-word'}>
      {asksAPerson && <AttentionSign />}
      {tradeWord(t, trade)}
    </span>
  );
}
