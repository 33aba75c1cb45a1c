import { unknown } from '../exchange.ts';
import type { Answered, Asked, CloseOutcome, TradeRef } from '../provider.ts';
import { type Called, callWechat, type WechatContext } from './call.ts';
import { CLOSE_ERRORS, meaningOf } from './errors.ts';
import { payableUntilMs } from './life.ts';

/** Makes an unpaid order unpayable; success is a signed 204 without a body. Safe to repeat. */
export async function close(
  context: WechatContext,
  trade: TradeRef,
  at: Asked,
): Promise<Answered<CloseOutcome>> {
  const path = `/v3/pay/transactions/out-trade-no/${encodeURIComponent(trade.tradeNo)}/close`;
  const body = JSON.stringify({ mchid: context.config.mchId });
  const { reply, exchange } = await callWechat(context, { method: 'POST', path, body }, at);
  return { outcome: outcomeOf(context, trade, reply), exchange };
}

function outcomeOf(context: WechatContext, trade: TradeRef, reply: Called['reply']): CloseOutcome {
  if (reply.kind === 'unknown') return reply;
  if (reply.kind === 'ok') {
    if (reply.status === 204) return { kind: 'accepted' };
    return unknown('unlisted', `http_${reply.status}`, `Expected 204 for a close, got ${reply.status}.`);
  }
  const { code, message } = reply;
  const meaning = meaningOf(CLOSE_ERRORS, code, reply.status);
  switch (meaning.to) {
    case 'accepted':
      return { kind: 'accepted' };
    case 'query_first':
      return { kind: 'query_first', code, message };
    case 'no_order':
      // Our order call may still be on its way.
      return { kind: 'not_yet', payableUntilMs: payableUntilMs(context.config, trade) };
    case 'unknown':
      return unknown(meaning.cause, code, message);
    default:
      return unknown('unlisted', code, message);
  }
}
