import type { OutboxEntry } from '../../contract/outbox.ts';
import type { OutboxStatus } from '../../contract/till.ts';

/** How many things wait for a person, decisions about money included: the number on the badge. */
export function attentionCount(outbox: OutboxStatus | undefined): number {
  return outbox === undefined ? 0 : outbox.parked + outbox.refundsDue;
}

/** What waits for a person about this trade; undefined when nothing does. */
export function parkedOfTrade(parked: readonly OutboxEntry[], tradeNo: string): OutboxEntry | undefined {
  return parked.find((entry) => entry.tradeNo === tradeNo);
}
