import { BillError, type BillLine } from './bill.ts';
import { alipayTimeMs } from './china-time.ts';

const DAY_MS = 86_400_000;

/**
 * Passes lines on, and throws {@link BillError} `other_day` at their end when most payments are not of the wallet's
 * `day`. Most, since which of its clocks a wallet writes beside midnight is not confirmed; a refund's time is less.
 */
export async function* ofDay(lines: AsyncIterable<BillLine[]>, day: string): AsyncGenerator<BillLine[]> {
  const startMs = alipayTimeMs(`${day} 00:00:00`);
  if (startMs === null) throw new RangeError(`No day: ${day}.`);
  let surplus = 0;
  for await (const batch of lines) {
    for (const { kind, atMs } of batch) {
      if (kind !== 'payment' || atMs === null) continue;
      surplus += atMs >= startMs && atMs < startMs + DAY_MS ? 1 : -1;
    }
    yield batch;
  }
  if (surplus < 0) throw new BillError('other_day', `Most payments of the bill are not of ${day}.`);
}
