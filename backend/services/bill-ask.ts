import type { Clock } from '../../ports/clock.ts';
import { byTill } from '../domain/actor.ts';
import type { Trade } from '../domain/trade.ts';
import type { QueryOutcome } from '../providers/provider.ts';
import type { StoredBill, StoredLine } from '../store/bills.ts';
import type { Store } from '../store/store.ts';
import { boundsOf } from './bill-run.ts';
import type { Hub } from './hub.ts';
import type { Observe } from './observe.ts';
import { outcomeWord, type Settle } from './settle.ts';
import type { Wallets } from './wallets.ts';

/**
 * Asks the wallet about one difference. A line is a reason to ask and no proof: a file may have been made by
 * anybody. The answer settles the trade, and the difference where both sides then say the same.
 */
export type AskAboutLine = ReturnType<typeof createAskAboutLine>;

export function createAskAboutLine(deps: {
  store: Store;
  clock: Clock & { monotonicMs(): number };
  wallets: Wallets;
  settle: Settle;
  observe: Observe;
  hub: Hub;
}) {
  const { store, clock, wallets, settle, observe, hub } = deps;

  return async function ask(bill: StoredBill, line: StoredLine, signal: AbortSignal): Promise<void> {
    const trade = line.tradeNo === null ? undefined : store.trades.byNo(line.tradeNo);
    const provider = trade && wallets.provider(trade.channel);
    // Without a trade of ours there is nothing that an answer could settle.
    if (!trade || !provider || line.kind !== 'payment' || trade.channel !== bill.channel) return;
    const askedAtMs = clock.nowMs();
    const startedMs = clock.monotonicMs();
    const answered = await provider.query(
      {
        tradeNo: trade.tradeNo,
        amountFen: trade.amountFen,
        createdAtMs: trade.createdAtMs,
        expiresAtMs: trade.expiresAtMs,
      },
      { nowMs: askedAtMs, signal },
    );
    if (signal.aborted) return;
    if (observe(trade.channel, answered, startedMs)) hub.tell({ kind: 'status' });
    const { outcome } = answered;
    if (outcome.kind === 'unknown') return;
    if (trade.state !== 'paid') {
      const { httpStatus, providerCode, requestId, answer } = answered.exchange;
      settle.notified(
        trade.tradeNo,
        outcome,
        clock.nowMs(),
        {
          tradeNo: trade.tradeNo,
          refundNo: null,
          step: 'query',
          askedAtMs,
          durationMs: Math.floor(clock.monotonicMs() - startedMs),
          outcome: outcomeWord(outcome),
          httpStatus,
          providerCode,
          requestId,
          answer,
        },
        { by: byTill('wallet') },
      );
      hub.tell({ kind: 'committed' });
    }
    const said = wordOf(trade, outcome);
    const after = store.trades.byNo(trade.tradeNo);
    const isSettled = after !== undefined && agrees(bill, line, after, said, outcome);
    store.transact(() =>
      store.bills.note(bill.billId, line.line, {
        said,
        resolution: isSettled ? 'settled' : null,
        reason: null,
      }),
    );
  };
}

function wordOf(trade: Trade, outcome: Exclude<QueryOutcome, { kind: 'unknown' }>): StoredLine['said'] {
  if (outcome.kind === 'mismatch') return 'contradicts';
  const { status, amountFen } = outcome.evidence;
  if (status !== 'paid' && status !== 'refunded') return 'not_paid';
  return amountFen === trade.amountFen ? 'paid' : 'contradicts';
}

/** Whether bill, wallet and ledger now say the same. */
function agrees(
  bill: StoredBill,
  line: StoredLine,
  here: Trade,
  said: StoredLine['said'],
  outcome: Exclude<QueryOutcome, { kind: 'unknown' }>,
): boolean {
  if (said !== 'paid' || here.state !== 'paid') return false;
  if (line.class === 'missing_here' && line.why === 'not_paid_here') return line.amountFen === here.amountFen;
  if (line.class !== 'missing_there' || outcome.kind !== 'evidence') return false;
  // Paid, by the wallet's own clock, on another day: it belongs on that day's bill.
  const { startMs, endMs } = boundsOf(bill.day);
  const { paidAtMs } = outcome.evidence;
  return paidAtMs !== null && (paidAtMs < startMs || paidAtMs >= endMs);
}
