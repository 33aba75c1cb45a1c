import type { Clock } from '../../ports/clock.ts';
import type { EndOfTurn } from '../../ports/turn.ts';
import { addDays, storeDays } from '../domain/store-time.ts';
import type { BillLine } from '../providers/provider.ts';
import type { KeptLine } from '../store/bill-line.ts';
import type { StoredBill } from '../store/bills.ts';
import type { Store } from '../store/store.ts';
import { createBillLines } from './bill-lines.ts';

/** Lines of one transaction: a few milliseconds, so that a charge never waits long. */
const BATCH = 500;
const REMOVED_AT_ONCE = 1_000;
const SLICE_MS = 15 * 60_000;

/** Where both wallets' days begin and end, whatever the store's zone. */
const WALLET_DAYS = storeDays('Asia/Shanghai');

/** Ended from outside: the till stops, or the file's upload broke off. */
export class RunStopped extends Error {
  override readonly name = 'RunStopped';
}

/**
 * Reads one bill into the store, each line held against the ledger, then the ledger against the bill. In
 * bounded memory; between two batches everything else has its turn. Nothing of an earlier reading is touched
 * before this one is whole. Throws what reading throws.
 */
export function createBillRun(deps: { store: Store; clock: Clock; tillId: string; endOfTurn: EndOfTurn }) {
  const { store, clock, tillId, endOfTurn } = deps;
  const compared = createBillLines(store, tillId);

  /** Lines alone: that a bill is read, and what became of money, waits for the disk. */
  const unhurried = <T>(work: () => T): T => store.bills.unhurried(() => store.transact(work));
  /** Lets everything else have its turn. */
  const turn = () => new Promise<void>((resolve) => endOfTurn(resolve));

  async function read(
    bill: StoredBill,
    lines: AsyncIterable<BillLine[]>,
    signal: AbortSignal,
  ): Promise<void> {
    let count = 0;
    // A reader yields what one piece of the file had: a transaction for each would wait for the disk all the time.
    const waiting: BillLine[] = [];
    const keep = async () => {
      if (signal.aborted) throw new RunStopped();
      const some = waiting.splice(0, BATCH);
      count += some.length;
      unhurried(() => {
        compared.keep(bill, some);
        store.bills.progress(bill.billId, count, clock.nowMs());
      });
      await turn();
    };
    for await (const batch of lines) {
      for (const line of batch) waiting.push(line);
      while (waiting.length >= BATCH) await keep();
    }
    if (waiting.length > 0) await keep();
    await missingThere(bill, count, signal);
    store.transact(() => store.bills.matchUndone(bill.billId));
  }

  /** What the ledger has of the wallet's day and the bill has not. */
  async function missingThere(bill: StoredBill, count: number, signal: AbortSignal): Promise<void> {
    const { startMs, endMs } = boundsOf(bill.day);
    let line = count;
    for (let fromMs = startMs; fromMs < endMs; fromMs += SLICE_MS) {
      if (signal.aborted) throw new RunStopped();
      const missing = store.bills.numbers.unbilled(bill, fromMs, Math.min(fromMs + SLICE_MS, endMs));
      const lines = missing.map(({ amountFen, ...known }): KeptLine => {
        line += 1;
        return {
          ...known,
          line,
          kind: known.refundNo === null ? 'payment' : 'refund',
          class: 'missing_there',
          why: null,
          amountFen: null,
          hereFen: amountFen,
          feeMilliFen: 0,
          status: '',
        };
      });
      if (lines.length > 0) unhurried(() => store.bills.insertLines(bill.billId, lines));
      await turn();
    }
  }

  /** Takes the place of earlier readings of the same bill; what a person decided then still holds. */
  async function replaceEarlier(bill: StoredBill): Promise<void> {
    for (const earlier of store.bills.earlier(bill)) {
      store.transact(() => store.bills.inherit(bill.billId, earlier));
      await clearLines(earlier);
      store.transact(() => store.bills.remove(earlier));
    }
  }

  async function clearLines(billId: number): Promise<void> {
    while (unhurried(() => store.bills.removeLines(billId, REMOVED_AT_ONCE)) > 0) await turn();
  }

  return { read, replaceEarlier, clearLines, turn };
}

export type BillRun = ReturnType<typeof createBillRun>;

/** The bounds of a wallet's day, ms since the epoch, the end exclusive. */
export function boundsOf(day: string): { startMs: number; endMs: number } {
  return { startMs: WALLET_DAYS.boundsOf(day).startMs, endMs: WALLET_DAYS.boundsOf(addDays(day, 1)).startMs };
}
