import { alipayTimeMs } from '../../../wire/china-time.ts';
import { unknown } from '../exchange.ts';
import type { Answered, Asked, RefundLookUp, RefundQueryOutcome } from '../provider.ts';
import { amountOf } from './amount.ts';
import { type AlipayContext, callGateway, foreignNumber, readNode } from './call.ts';
import { REFUND_QUERY_ERRORS, refundMeaningOf } from './refund-errors.ts';
import { refundQueryShape } from './wire.ts';

/** `alipay.trade.fastpay.refund.query` by our number. 10000 says only that the query worked. */
export async function refundQuery(
  context: AlipayContext,
  request: RefundLookUp,
  at: Asked,
): Promise<Answered<RefundQueryOutcome>> {
  const biz = {
    out_trade_no: request.trade.tradeNo,
    out_request_no: request.refundNo,
    query_options: ['gmt_refund_pay'],
  };
  const { reply, exchange } = await callGateway(context, 'alipay.trade.fastpay.refund.query', biz, at);
  if (reply.kind === 'unknown') return { outcome: reply, exchange };
  const foreign = foreignNumber(reply.node, request.trade.tradeNo);
  if (foreign) return { outcome: foreign, exchange };
  if (reply.kind === 'ok') return { outcome: found(request, reply.node), exchange };
  const meaning = refundMeaningOf(REFUND_QUERY_ERRORS, reply.subCode);
  const cause = meaning.to === 'unknown' ? meaning.cause : 'unlisted';
  return { outcome: unknown(cause, reply.subCode, reply.message), exchange };
}

function found(request: RefundLookUp, node: Readonly<Record<string, unknown>>): RefundQueryOutcome {
  const answer = readNode(refundQueryShape, node);
  if ('kind' in answer) return answer;
  const { refund_status: status, out_request_no: number } = answer;
  if (number && number !== request.refundNo)
    return { kind: 'mismatch', field: 'refundNo', expected: request.refundNo, received: number };
  if (status && status !== 'REFUND_SUCCESS')
    return unknown('unlisted', status, 'Alipay names a refund status that is not known here.');
  const amountFen = amountOf(answer.refund_amount || undefined);
  // Older refunds come without the word: their amount and number say it. With neither, nothing went back yet.
  if (!status && (amountFen === null || !number)) return { kind: 'unseen', code: '10000' };
  // With the word and the number an amount says no more; without the number it is all that is about this refund.
  if (amountFen === 'unusable' || (amountFen === null && !number))
    return unknown('unreadable', 'refund_amount', 'The answer has no usable amount.');
  return {
    kind: 'evidence',
    evidence: {
      tradeNo: request.trade.tradeNo,
      refundNo: request.refundNo,
      status: 'succeeded',
      amountFen,
      providerRefundNo: null,
      succeededAtMs: alipayTimeMs(answer.gmt_refund_pay ?? ''),
      providerStatus: status || 'refund_amount',
    },
  };
}
