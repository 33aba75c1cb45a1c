import type { TimelineEntry } from '../../../contract/trade.ts';
import { endedByHand } from './orders.ts';
import { at } from './till.ts';

export const endedTimeline: TimelineEntry[] = [
  entry(-300, 'state', 'created', { toState: 'created' }),
  entry(-180, 'state', 'deadline_passed', { fromState: 'awaiting_payment', toState: 'closing' }),
  entry(-62, 'exchange', 'close', {
    exchange: exchange('unknown:not_genuine', 64, '{"code":"10000","msg":"Success"}'),
  }),
  entry(-60, 'decision', 'set_aside', { reason: endedByHand.setAside?.reason ?? null }),
];

export const timeline: TimelineEntry[] = [
  entry(-9, 'state', 'created', { toState: 'created' }),
  entry(-8.9, 'exchange', 'open', {
    exchange: exchange(
      'code',
      75,
      '{"code":"10000","msg":"Success","qr_code":"https://qr.alipay.com/bax03431ljhokirwl38f00a7"}',
    ),
  }),
  entry(-8.9, 'state', 'code_obtained', { fromState: 'created', toState: 'awaiting_payment' }),
  entry(-6, 'exchange', 'look', {
    exchange: exchange(
      'evidence:WAIT_BUYER_PAY',
      41,
      '{"code":"10000","trade_status":"WAIT_BUYER_PAY","buyer_logon_id":"138****0000"}',
    ),
  }),
  entry(-6, 'state', 'paying_seen', { fromState: 'awaiting_payment', toState: 'paying' }),
  entry(-2, 'exchange', 'look', {
    exchange: exchange(
      'evidence:TRADE_SUCCESS',
      38,
      '{"code":"10000","trade_status":"TRADE_SUCCESS","total_amount":"12.50"}',
    ),
  }),
  entry(-2, 'state', 'paid_seen', { fromState: 'paying', toState: 'paid' }),
];

/** As {@link timeline}, and a refund that the wallet told of. */
export const foundTimeline: TimelineEntry[] = [
  ...timeline,
  entry(-1, 'exchange', 'refund_query', {
    exchange: exchange('evidence:SUCCESS', 52, '{"status":"SUCCESS"}'),
  }),
  entry(-1, 'refund', 'found', {
    refund: {
      refundNo: '503030002611211394919362',
      amountFen: 200,
      fromState: null,
      toState: 'succeeded',
    },
  }),
];

function entry(
  seconds: number,
  kind: TimelineEntry['kind'],
  what: string,
  change: Partial<TimelineEntry>,
): TimelineEntry {
  const rest = { fromState: null, toState: null, refund: null, reason: null, by: null, exchange: null };
  return { at: at(seconds), kind, what, ...rest, ...change };
}

function exchange(outcome: string, durationMs: number, answer: string): TimelineEntry['exchange'] {
  return { outcome, durationMs, httpStatus: 200, providerCode: '10000', requestId: null, answer };
}
