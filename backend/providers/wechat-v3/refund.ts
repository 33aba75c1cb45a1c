import { MINUTE } from '../../../ports/clock.ts';
import { unknown } from '../exchange.ts';
import type { Answered, Asked, RefundOutcome, RefundRequest } from '../provider.ts';
import { type Called, callWechat, type WechatContext } from './call.ts';
import { meaningOf, REFUND_ERRORS } from './errors.ts';
import { refundOutcome } from './refund-query.ts';

/** WeChat's bound for `reason`, bytes. */
const REASON_MAX_BYTES = 80;
/** Refunds of one order follow each other no faster (protocol: refund). */
export const WECHAT_REFUND_GAP_MS = MINUTE;

/**
 * Asks for a refund. 200 says that WeChat took it, not that it was paid out: that is its status. A repeat must be
 * identical, so everything that is sent comes from the request.
 */
export async function refund(
  context: WechatContext,
  request: RefundRequest,
  at: Asked,
): Promise<Answered<RefundOutcome>> {
  const { trade, refundNo, amountFen } = request;
  const body = JSON.stringify({
    out_trade_no: trade.tradeNo,
    out_refund_no: refundNo,
    reason: cut(request.reason),
    ...(request.notifyUrl === undefined ? {} : { notify_url: request.notifyUrl }),
    amount: { refund: amountFen, total: trade.amountFen, currency: 'CNY' },
  });
  const { reply, exchange } = await callWechat(
    context,
    { method: 'POST', path: '/v3/refund/domestic/refunds', body },
    at,
  );
  return { outcome: outcomeOf(request, reply), exchange };
}

function outcomeOf(request: RefundRequest, reply: Called['reply']): RefundOutcome {
  if (reply.kind === 'unknown') return reply;
  if (reply.kind === 'ok') return refundOutcome(request, reply.json);
  const { code, message } = reply;
  const meaning = meaningOf(REFUND_ERRORS, code, reply.status);
  switch (meaning.to) {
    case 'not_given_back':
      return { kind: 'refused', reason: meaning.reason, code, message };
    case 'query_first':
      return { kind: 'query_first', code, message };
    case 'held':
      return { kind: 'held', why: 'balance', code, message };
    case 'unknown':
      return unknown(meaning.cause, code, message);
    default:
      return unknown('unlisted', code, message);
  }
}

/** As much of the reason as WeChat takes, in whole characters. */
function cut(reason: string): string {
  let text = '';
  for (const character of reason) {
    if (Buffer.byteLength(text + character) > REASON_MAX_BYTES) break;
    text += character;
  }
  return text;
}
