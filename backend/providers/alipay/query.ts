import { alipayTimeMs } from '../../../wire/china-time.ts';
import type { Evidence } from '../../domain/evidence.ts';
import { payerTail } from '../../domain/mask.ts';
import { cautiousNowMs, unknown } from '../exchange.ts';
import type { Answered, Asked, QueryOutcome, TradeRef } from '../provider.ts';
import { amountOf } from './amount.ts';
import { type AlipayContext, callGateway, readNode } from './call.ts';
import type { AlipayConfig } from './config.ts';
import { meaningOf, QUERY_ERRORS } from './errors.ts';
import { payableUntilMs } from './life.ts';
import { statusOf } from './status.ts';
import { echoShape, queryShape } from './wire.ts';

/** `alipay.trade.query` by our number. */
export async function query(
  context: AlipayContext,
  trade: TradeRef,
  at: Asked,
): Promise<Answered<QueryOutcome>> {
  const biz = { out_trade_no: trade.tradeNo };
  const { reply, exchange } = await callGateway(context, 'alipay.trade.query', biz, at);
  if (reply.kind === 'unknown') return { outcome: reply, exchange };
  const outcome =
    reply.kind === 'ok'
      ? tradeOutcome(context.config, trade, reply.node)
      : failureOutcome(context.config, trade, reply, cautiousNowMs(at, exchange));
  return { outcome, exchange };
}

/** What a genuine node about a trade says, from a query or a notification. */
export function tradeOutcome(
  config: AlipayConfig,
  trade: Pick<TradeRef, 'tradeNo'>,
  node: Readonly<Record<string, unknown>>,
): QueryOutcome {
  const found = readNode(queryShape, node);
  if ('kind' in found) return found;
  if (found.out_trade_no !== trade.tradeNo)
    return { kind: 'mismatch', field: 'tradeNo', expected: trade.tradeNo, received: found.out_trade_no };
  if (config.sellerId && found.seller_id && found.seller_id !== config.sellerId)
    return { kind: 'mismatch', field: 'merchantId', expected: config.sellerId, received: found.seller_id };
  if (found.trans_currency && found.trans_currency !== 'CNY')
    return { kind: 'mismatch', field: 'currency', expected: 'CNY', received: found.trans_currency };
  const status = statusOf(found);
  if (!status)
    return unknown('unlisted', found.trade_status, 'Alipay names a status that is not known here.');
  const amountFen = amountOf(found.total_amount);
  // Money is believed only with its amount beside it.
  if (amountFen === 'unusable' || (amountFen === null && status === 'paid'))
    return unknown('unreadable', 'total_amount', 'The answer has no usable amount.');
  const payer = found.buyer_logon_id ?? found.buyer_open_id;
  return {
    kind: 'evidence',
    evidence: {
      tradeNo: trade.tradeNo,
      status,
      providerTradeNo: found.trade_no ?? null,
      amountFen,
      payer: payer === undefined ? null : payerTail(payer),
      paidAtMs: alipayTimeMs(found.send_pay_date ?? found.gmt_payment ?? ''),
      providerStatus: found.trade_status,
    },
  };
}

function failureOutcome(
  config: AlipayConfig,
  trade: TradeRef,
  reply: { subCode: string; message: string; node: Readonly<Record<string, unknown>> },
  nowMs: number,
): QueryOutcome {
  const echo = readNode(echoShape, reply.node);
  if ('kind' in echo) return echo;
  if (echo.out_trade_no !== undefined && echo.out_trade_no !== trade.tradeNo)
    return { kind: 'mismatch', field: 'tradeNo', expected: trade.tradeNo, received: echo.out_trade_no };
  const meaning = meaningOf(QUERY_ERRORS, reply.subCode);
  if (meaning.to === 'no_trade')
    return { kind: 'evidence', evidence: unscanned(config, trade, reply.subCode, nowMs) };
  const cause = meaning.to === 'unknown' ? meaning.cause : 'unlisted';
  return unknown(cause, reply.subCode, reply.message);
}

/** No trade at Alipay: not scanned yet while the code lives, and never payable again once it is over. */
function unscanned(config: AlipayConfig, trade: TradeRef, subCode: string, nowMs: number): Evidence {
  return {
    tradeNo: trade.tradeNo,
    status: nowMs < payableUntilMs(config, trade) ? 'unpaid' : 'closed',
    providerTradeNo: null,
    amountFen: null,
    payer: null,
    paidAtMs: null,
    providerStatus: subCode,
  };
}
