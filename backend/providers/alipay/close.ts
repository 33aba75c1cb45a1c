import { unknown } from '../exchange.ts';
import type { Answered, Asked, CloseOutcome, TradeRef } from '../provider.ts';
import { type AlipayContext, callGateway, foreignNumber, type Spoken } from './call.ts';
import { CLOSE_ERRORS, meaningOf } from './errors.ts';
import { payableUntilMs } from './life.ts';

/** `alipay.trade.close`: for a trade that was scanned and is unpaid. Never refunds. */
export async function close(
  context: AlipayContext,
  trade: TradeRef,
  at: Asked,
): Promise<Answered<CloseOutcome>> {
  const biz = { out_trade_no: trade.tradeNo };
  const { reply, exchange } = await callGateway(context, 'alipay.trade.close', biz, at);
  if (reply.kind === 'unknown') return { outcome: reply, exchange };
  const foreign = foreignNumber(reply.node, trade.tradeNo);
  if (foreign) return { outcome: foreign, exchange };
  if (reply.kind === 'ok') return { outcome: { kind: 'accepted' }, exchange };
  return { outcome: closeFailure(context, trade, reply, CLOSE_ERRORS), exchange };
}

/** What a genuine failure of close or cancel means, by its table. */
export function closeFailure(
  context: AlipayContext,
  trade: TradeRef,
  reply: Extract<Spoken, { kind: 'failed' }>,
  table: typeof CLOSE_ERRORS,
): CloseOutcome {
  const meaning = meaningOf(table, reply.subCode);
  switch (meaning.to) {
    case 'no_trade':
      return { kind: 'not_yet', payableUntilMs: payableUntilMs(context.config, trade) };
    case 'query_first':
      return { kind: 'query_first', code: reply.subCode, message: reply.message };
    case 'unknown':
      return unknown(meaning.cause, reply.subCode, reply.message);
    case 'refused':
      return unknown('unlisted', reply.subCode, reply.message);
  }
}
