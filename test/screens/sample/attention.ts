import type { OutboxEntry } from '../../../contract/outbox.ts';
import { parked, surplus } from './orders.ts';
import { at, till } from './till.ts';

/** Oldest first, one of each kind of trouble. */
export const attention: OutboxEntry[] = [
  waitsForPerson(7, 'give_back', 'refund_surplus', {
    tradeNo: surplus.tradeNo,
    amountFen: 1_250,
    createdAt: at(-5_400),
    attempts: 0,
    lastOutcome: null,
    lastAttemptAt: null,
  }),
  waitsForPerson(12, 'query', 'not_understood', {
    channel: 'alipay',
    amountFen: 6_600,
    createdAt: at(-1_900),
    attempts: 40,
    lastOutcome: 'unknown:not_genuine',
  }),
  waitsForPerson(15, 'query', 'incident', {
    amountFen: 12_800,
    createdAt: at(-1_200),
    attempts: 10,
    lastOutcome: 'mismatch:merchantId',
  }),
  waitsForPerson(16, 'tell', 'refused_by_receiver', {
    orderNo: 'CY-20261121-0927',
    tradeNo: null,
    channel: null,
    amountFen: null,
    createdAt: at(-600),
    attempts: 25,
    lastOutcome: 'refused',
  }),
];

/** The wallet tells of refunds that this till does not know, and cannot write down. */
export const strangeRefunds: OutboxEntry[] = [
  waitsForPerson(31, 'refund_find', 'refund_unnamed', { attempts: 1, lastOutcome: 'unseen' }),
  waitsForPerson(32, 'refund_find', 'refund_unfit', {
    refundNo: '503030002611211394919362',
    attempts: 1,
    lastOutcome: 'evidence:SUCCESS',
  }),
];

/** The trade in the tray that nobody asks about any more. */
export const stuck = waitsForPerson(21, 'open', 'not_understood', {
  orderNo: 'W4K8',
  tradeNo: parked.charge?.trades[0]?.tradeNo ?? null,
  amountFen: 2_000,
});

function waitsForPerson(
  entryId: number,
  kind: OutboxEntry['kind'],
  why: OutboxEntry['why'],
  change: Partial<OutboxEntry>,
): OutboxEntry {
  return {
    entryId,
    kind,
    why,
    state: 'parked',
    canRetry: kind !== 'give_back',
    orderNo: `A20261121-88${String(entryId).padStart(2, '0')}`,
    tradeNo: `M0MW261121140100${String(entryId).padStart(4, '0')}R4T${String(entryId).padStart(2, '0')}V`,
    refundNo: null,
    channel: 'wechat',
    amountFen: 1_250,
    subject: till.shopName,
    createdAt: at(-900),
    dueAt: null,
    attempts: 4,
    lastOutcome: null,
    lastAttemptAt: at(-40),
    setAside: null,
    ...change,
  };
}
