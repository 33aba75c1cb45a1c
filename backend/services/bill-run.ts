import type { Clock } from '../../ports/clock.ts';
import type { EndOfTurn } from '../../ports/turn.ts';
import { classify } from '../domain/reconcile.ts';
import { addDays, storeDays } from '../domain/store-time.ts';
import type { BillLine } from '../providers/provider.ts';
import type { StoredBill } from '../store/bills.ts';
import type { Store } from '../store/store.ts';

/** Lines of one transaction: a few milliseconds, so that a charge never waits long. */
const BATCH = 250;
const REMOVED_AT_ONCE = 1_000;
const SLICE_MS = 15 * 60_000;

/** Where both wallets' days begin and end, whatever the store's zone. */
const WALLET_DAYS = storeDays('Asia/Shanghai');

/** Ended from outside: the till stops, or the file's upload broke off. */
export class RunStopped extends Error {
  override readonly name = 'RunStopped';
}

/**
 * Reads one bill into the store, line by line, each held against the ledger, then the ledger against the bill. In
 * bounded memory; between two batches everything else has its turn. Nothing of an earlier reading is touched
 * before this one is whole. Throws what reading throws.
 */
export function createBillRun(deps: { store: Store; clock: Clock; tillId: string; endOfTurn: EndOfTurn }) {
  const { store, clock, tillId, endOfTurn } = deps;

  const turn = () => new Promise<void>((resolve) => endOfTurn(resolve));

  async function read(
    bill: StoredBill,
    lines: AsyncIterable<BillLine[]>,
    signal: AbortSignal,
  ): Promise<void> {
    let count = 0;
    for await (const batch of lines) {
      for (let at = 0; at < batch.length; at += BATCH) {
        if (signal.aborted) throw new RunStopped();
        const some = batch.slice(at, at + BATCH);
        count += some.length;
        store.transact(() => {
          for (const line of some) keep(bill, line);
          store.bills.progress(bill.billId, count, clock.nowMs());
        });
        await turn();
      }
    }
    await missingThere(bill, count, signal);
    store.transact(() => store.bills.matchUndone(bill.billId));
  }

  function keep(bill: StoredBill, line: BillLine): void {
    const { trades, bills } = store;
    const { tradeNo, refundNo } = line;
    const refund = refundNo === null ? undefined : store.refunds.byNo(refundNo);
    const isNumbered = line.kind === 'payment' || line.kind === 'refund';
    const verdict = classify(
      line,
      {
        trade: trades.byNo(tradeNo),
        refund: refund && { ...refund, isDone: refund.state === 'succeeded' },
        isRepeated: isNumbered && bills.isOnBill(bill.billId, tradeNo, line.kind, refundNo),
      },
      bill.channel,
      tillId,
    );
    bills.insertLine(bill.billId, {
      ...verdict,
      line: line.row,
      kind: line.kind,
      tradeNo: tradeNo || null,
      providerTradeNo: line.providerTradeNo || null,
      refundNo,
      amountFen: line.amountFen,
      feeMilliFen: line.feeMilliFen,
      atMs: line.atMs,
      status: line.status,
    });
  }

  /** What the ledger has of the wallet's day and the bill has not. */
  async function missingThere(bill: StoredBill, count: number, signal: AbortSignal): Promise<void> {
    const { startMs, endMs } = boundsOf(bill.day);
    let line = count;
    for (let fromMs = startMs; fromMs < endMs; fromMs += SLICE_MS) {
      if (signal.aborted) throw new RunStopped();
      const missing = store.bills.missingThere(bill, fromMs, Math.min(fromMs + SLICE_MS, endMs));
      if (missing.length === 0) continue;
      store.transact(() => {
        for (const trade of missing) {
          line += 1;
          store.bills.insertLine(bill.billId, {
            line,
            kind: 'payment',
            class: 'missing_there',
            why: null,
            tradeNo: trade.tradeNo,
            providerTradeNo: trade.providerTradeNo,
            refundNo: null,
            amountFen: null,
            hereFen: trade.amountFen,
            feeMilliFen: 0,
            atMs: trade.atMs,
            status: '',
          });
        }
      });
      await turn();
    }
  }

  /** Takes the place of earlier readings of the same bill; what a person decided then still holds. */
  async function replaceEarlier(bill: StoredBill): Promise<void> {
    for (const earlier of store.bills.earlier(bill)) {
      store.transact(() => store.bills.inherit(bill.billId, earlier));
      await discard(earlier);
    }
  }

  async function discard(billId: number): Promise<void> {
    while (store.transact(() => store.bills.removeLines(billId, REMOVED_AT_ONCE)) > 0) await turn();
    store.transact(() => store.bills.remove(billId));
  }

  async function clearLines(billId: number): Promise<void> {
    while (store.transact(() => store.bills.removeLines(billId, REMOVED_AT_ONCE)) > 0) await turn();
  }

  return { read, replaceEarlier, clearLines };
}

export type BillRun = ReturnType<typeof createBillRun>;

/** The bounds of a wallet's day, ms since the epoch, the end exclusive. */
export function boundsOf(day: string): { startMs: number; endMs: number } {
  return { startMs: WALLET_DAYS.boundsOf(day).startMs, endMs: WALLET_DAYS.boundsOf(addDays(day, 1)).startMs };
}
