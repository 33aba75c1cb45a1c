import type { OutboxEntry } from '../../contract/outbox.ts';
import type { OutboxStatus } from '../../contract/till.ts';

/** How many things wait for a person, money to give back included: the number on the badge. */
export function attentionCount(outbox: OutboxStatus | undefined): number {
  return outbox === undefined ? 0 : outbox.parked + outbox.refundsDue;
}

/** What waits for a person about this trade; undefined when nothing does. */
export function parkedOfTrade(parked: readonly OutboxEntry[], tradeNo: string): OutboxEntry | undefined {
  return parked.find((entry) => entry.tradeNo === tradeNo);
}

/** Refunds that go back by rule: nobody needs to do anything. Only `parked` in full can tell. */
export function refundsByRule(outbox: OutboxStatus | undefined, parked: readonly OutboxEntry[]): number {
  const byHand = parked.filter((entry) => entry.kind === 'refund').length;
  return Math.max(0, (outbox?.refundsDue ?? 0) - byHand);
}
