import type { z } from 'zod';
import { wechatTimeMs } from '../../../wire/china-time.ts';
import { payerTail } from '../../domain/mask.ts';
import { fen } from '../../domain/money.ts';
import { cautiousNowMs, unknown } from '../exchange.ts';
import type { Answered, Asked, Mismatch, QueryOutcome, TradeRef } from '../provider.ts';
import { callWechat, readJson, type Spoken, type WechatContext } from './call.ts';
import type { WechatV3Config } from './config.ts';
import { meaningOf, QUERY_ERRORS } from './errors.ts';
import { payableUntilMs } from './life.ts';
import { statusOf } from './status.ts';
import { transactionShape } from './wire.ts';

type Transaction = z.output<typeof transactionShape>;

/** Query by our number: an unpaid order has no other. */
export async function query(
  context: WechatContext,
  trade: TradeRef,
  at: Asked,
): Promise<Answered<QueryOutcome>> {
  const { config } = context;
  const number = encodeURIComponent(trade.tradeNo);
  const path = `/v3/pay/transactions/out-trade-no/${number}?mchid=${encodeURIComponent(config.mchId)}`;
  const { reply, exchange } = await callWechat(context, { method: 'GET', path }, at);
  if (reply.kind === 'unknown') return { outcome: reply, exchange };
  const outcome =
    reply.kind === 'ok'
      ? transactionOutcome(config, trade, reply.json)
      : failureOutcome(config, trade, reply, cautiousNowMs(at, exchange));
  return { outcome, exchange };
}

/** What a genuine transaction object says, from a query or a notification. */
export function transactionOutcome(
  config: WechatV3Config,
  trade: Pick<TradeRef, 'tradeNo'>,
  json: unknown,
): QueryOutcome {
  const answer = readJson(transactionShape, json);
  if (!('value' in answer)) return answer;
  const found = answer.value;
  const mismatch = mismatchOf(config, trade, found);
  if (mismatch) return mismatch;
  const status = statusOf(found.trade_state);
  if (!status) return unknown('unlisted', found.trade_state, 'WeChat names a status that is not known here.');
  const total = found.amount?.total;
  // Money is believed only with its amount beside it.
  if (total === undefined && (status === 'paid' || status === 'refunded'))
    return unknown('unreadable', 'amount.total', 'The answer has no amount.');
  return {
    kind: 'evidence',
    evidence: {
      tradeNo: trade.tradeNo,
      status,
      providerTradeNo: found.transaction_id || null,
      amountFen: total === undefined ? null : fen(total),
      payer: found.payer?.openid ? payerTail(found.payer.openid) : null,
      paidAtMs: wechatTimeMs(found.success_time ?? ''),
      providerStatus: found.trade_state,
    },
  };
}

function mismatchOf(
  config: WechatV3Config,
  trade: Pick<TradeRef, 'tradeNo'>,
  found: Transaction,
): Mismatch | null {
  const compared = [
    ['tradeNo', trade.tradeNo, found.out_trade_no],
    ['merchantId', config.mchId, found.mchid],
    ['appId', config.appId, found.appid],
    ['currency', 'CNY', found.amount?.currency ?? 'CNY'],
  ] as const;
  for (const [field, expected, received] of compared) {
    if (received !== expected) return { kind: 'mismatch', field, expected, received };
  }
  return null;
}

function failureOutcome(
  config: WechatV3Config,
  trade: TradeRef,
  reply: Extract<Spoken, { kind: 'failed' }>,
  nowMs: number,
): QueryOutcome {
  const meaning = meaningOf(QUERY_ERRORS, reply.code, reply.status);
  if (meaning.to !== 'no_order')
    return unknown(meaning.to === 'unknown' ? meaning.cause : 'unlisted', reply.code, reply.message);
  // WeChat makes the order when it is asked for. None yet: our order call may still be on its way; none after
  // the end: it never arrived, and nobody sends it any more.
  return {
    kind: 'evidence',
    evidence: {
      tradeNo: trade.tradeNo,
      status: nowMs < payableUntilMs(config, trade) ? 'unpaid' : 'closed',
      providerTradeNo: null,
      amountFen: null,
      payer: null,
      paidAtMs: null,
      providerStatus: reply.code,
    },
  };
}
