import { alipayTimeMs } from '../../../wire/china-time.ts';
import { fenToYuan } from '../../domain/money.ts';
import { unknown } from '../exchange.ts';
import type { Answered, Asked, RefundOutcome, RefundRequest } from '../provider.ts';
import { amountOf } from './amount.ts';
import { type AlipayContext, callGateway, foreignNumber, readNode } from './call.ts';
import { REFUND_ERRORS, refundMeaningOf } from './refund-errors.ts';
import { refundShape } from './wire.ts';

/** Alipay's bound for `refund_reason`, characters. */
const REASON_MAX = 256;
/** Refunds of one trade follow each other no faster (protocol: trade.refund). */
export const ALIPAY_REFUND_GAP_MS = 3_000;

/**
 * `alipay.trade.refund`, always with our number: a repeat gives nothing back twice. The notification about it goes
 * where the payment's went.
 */
export async function refund(
  context: AlipayContext,
  request: RefundRequest,
  at: Asked,
): Promise<Answered<RefundOutcome>> {
  const biz = {
    out_trade_no: request.trade.tradeNo,
    out_request_no: request.refundNo,
    refund_amount: fenToYuan(request.amountFen),
    refund_reason: [...request.reason].slice(0, REASON_MAX).join(''),
  };
  const { reply, exchange } = await callGateway(context, 'alipay.trade.refund', biz, at);
  if (reply.kind === 'unknown') return { outcome: reply, exchange };
  const foreign = foreignNumber(reply.node, request.trade.tradeNo);
  if (foreign) return { outcome: foreign, exchange };
  const outcome = reply.kind === 'ok' ? refunded(request, reply.node) : failure(reply.subCode, reply.message);
  return { outcome, exchange };
}

function refunded(request: RefundRequest, node: Readonly<Record<string, unknown>>): RefundOutcome {
  const answer = readNode(refundShape, node);
  if ('kind' in answer) return answer;
  // `N` is a repeat of an earlier success, or not done yet: 10000 alone proves nothing.
  if (answer.fund_change !== 'Y') return { kind: 'accepted' };
  // The sum of everything given back so far, not of this refund alone.
  const soFarFen = amountOf(answer.refund_fee);
  if (soFarFen === 'unusable' || (soFarFen !== null && soFarFen < request.amountFen))
    return unknown('unreadable', 'refund_fee', 'The sum given back so far is less than this refund.');
  return {
    kind: 'evidence',
    evidence: {
      tradeNo: request.trade.tradeNo,
      refundNo: request.refundNo,
      status: 'succeeded',
      amountFen: null,
      providerRefundNo: null,
      succeededAtMs: alipayTimeMs(answer.gmt_refund_pay ?? ''),
      providerStatus: 'fund_change=Y',
    },
  };
}

function failure(code: string, message: string): RefundOutcome {
  const meaning = refundMeaningOf(REFUND_ERRORS, code);
  switch (meaning.to) {
    case 'refused':
      return { kind: 'refused', reason: meaning.reason, code, message };
    case 'query_first':
      return { kind: 'query_first', code, message };
    case 'held':
      return { kind: 'held', why: 'balance', code, message };
    case 'unknown':
      return unknown(meaning.cause, code, message);
  }
}
