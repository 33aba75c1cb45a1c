import { expect, test } from 'vitest';
import type { OutboxEntry } from '../../contract/outbox.ts';
import { attentionCount, parkedOfTrade } from './attention.ts';

const outbox = (parked: number, refundsDue: number) => ({
  unanswered: 0,
  oldestAt: null,
  nextAt: null,
  parked,
  refundsDue,
  refunding: 0,
});

function entry(entryId: number, kind: OutboxEntry['kind'], tradeNo: string | null): OutboxEntry {
  return {
    entryId,
    kind,
    state: 'parked',
    canRetry: kind !== 'give_back',
    why: kind === 'give_back' ? 'refund_surplus' : 'not_understood',
    orderNo: 'W1',
    tradeNo,
    refundNo: null,
    channel: 'alipay',
    amountFen: 1_250,
    subject: null,
    createdAt: '2026-11-21T14:32:00.000+08:00',
    dueAt: null,
    attempts: 1,
    lastOutcome: null,
    lastAttemptAt: null,
    setAside: null,
  };
}

test('the badge counts what the machine gave up on and what is to be given back', () => {
  expect(attentionCount(outbox(2, 1))).toBe(3);
  expect(attentionCount(undefined)).toBe(0);
});

test('a trade finds what waits for a person about it, and messages belong to no trade', () => {
  const parked = [entry(1, 'tell', null), entry(2, 'query', 'T2')];
  expect(parkedOfTrade(parked, 'T2')?.entryId).toBe(2);
  expect(parkedOfTrade(parked, 'T3')).toBeUndefined();
});
