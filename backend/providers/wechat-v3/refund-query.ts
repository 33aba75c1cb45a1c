import type { z } from 'zod';
import { wechatTimeMs } from '../../../wire/china-time.ts';
import { fen } from '../../domain/money.ts';
import type { RefundEvidence } from '../../domain/refund.ts';
import { unknown } from '../exchange.ts';
import type { Answered, Asked, Mismatch, RefundLookUp, RefundQueryOutcome, Unanswered } from '../provider.ts';
import { callWechat, readJson, type WechatContext } from './call.ts';
import type { WechatV3Config } from './config.ts';
import { meaningOf, REFUND_QUERY_ERRORS } from './errors.ts';
import { refundStatusOf } from './status.ts';
import { refundNoticeShape, refundShape } from './wire.ts';

type Named = { refundNo: string; trade: { tradeNo: string } };
type Found = { kind: 'evidence'; evidence: RefundEvidence } | Mismatch | Unanswered;

/** What WeChat holds under our refund number. */
export async function refundQuery(
  context: WechatContext,
  request: RefundLookUp,
  at: Asked,
): Promise<Answered<RefundQueryOutcome>> {
  const path = `/v3/refund/domestic/refunds/${encodeURIComponent(request.refundNo)}`;
  const { reply, exchange } = await callWechat(context, { method: 'GET', path }, at);
  if (reply.kind === 'unknown') return { outcome: reply, exchange };
  if (reply.kind === 'ok') return { outcome: refundOutcome(request, reply.json), exchange };
  const meaning = meaningOf(REFUND_QUERY_ERRORS, reply.code, reply.status);
  if (meaning.to === 'no_order') return { outcome: { kind: 'unseen', code: reply.code }, exchange };
  const cause = meaning.to === 'unknown' ? meaning.cause : 'unlisted';
  return { outcome: unknown(cause, reply.code, reply.message), exchange };
}

/** What a genuine refund object says, from the request or a query. */
export function refundOutcome(request: Named, json: unknown): Found {
  const answer = readJson(refundShape, json);
  if (!('value' in answer)) return answer;
  return found(request, answer.value, answer.value.status);
}

/** What a genuine notification about a refund says. */
export function refundNotice(
  config: WechatV3Config,
  named: { tradeNo: string; refundNo: string },
  content: unknown,
): Found {
  const answer = readJson(refundNoticeShape, content);
  if (!('value' in answer)) return answer;
  const { mchid, refund_status: status } = answer.value;
  if (mchid !== config.mchId)
    return { kind: 'mismatch', field: 'merchantId', expected: config.mchId, received: mchid };
  return found({ refundNo: named.refundNo, trade: { tradeNo: named.tradeNo } }, answer.value, status);
}

function found(
  request: Named,
  refund: Omit<z.output<typeof refundShape>, 'status'>,
  providerStatus: string,
): Found {
  const compared = [
    ['refundNo', request.refundNo, refund.out_refund_no],
    ['tradeNo', request.trade.tradeNo, refund.out_trade_no],
    ['currency', 'CNY', refund.amount.currency ?? 'CNY'],
  ] as const;
  for (const [field, expected, received] of compared)
    if (received !== expected) return { kind: 'mismatch', field, expected, received };
  const status = refundStatusOf(providerStatus);
  if (!status)
    return unknown('unlisted', providerStatus, 'WeChat names a refund status that is not known here.');
  return {
    kind: 'evidence',
    evidence: {
      tradeNo: refund.out_trade_no,
      refundNo: refund.out_refund_no,
      status,
      amountFen: fen(refund.amount.refund),
      providerRefundNo: refund.refund_id || null,
      succeededAtMs: wechatTimeMs(refund.success_time ?? ''),
      providerStatus,
    },
  };
}
