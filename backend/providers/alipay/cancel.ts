import { unknown } from '../exchange.ts';
import type { Answered, Asked, CloseOutcome, TradeRef } from '../provider.ts';
import { type AlipayContext, callGateway, foreignNumber, readNode } from './call.ts';
import { closeFailure } from './close.ts';
import { CANCEL_ERRORS } from './errors.ts';
import { payableUntilMs } from './life.ts';
import { cancelShape } from './wire.ts';

/**
 * `alipay.trade.cancel`: closes an unpaid trade and **refunds a paid one in full**. Only for a trade whose
 * code nobody has seen.
 */
export async function cancel(
  context: AlipayContext,
  trade: TradeRef,
  at: Asked,
): Promise<Answered<CloseOutcome>> {
  const biz = { out_trade_no: trade.tradeNo };
  const { reply, exchange } = await callGateway(context, 'alipay.trade.cancel', biz, at);
  if (reply.kind === 'unknown') return { outcome: reply, exchange };
  const foreign = foreignNumber(reply.node, trade.tradeNo);
  if (foreign) return { outcome: foreign, exchange };
  const outcome =
    reply.kind === 'ok'
      ? cancelled(context, trade, reply.node)
      : closeFailure(context, trade, reply, CANCEL_ERRORS);
  return { outcome, exchange };
}

function cancelled(
  context: AlipayContext,
  trade: TradeRef,
  node: Readonly<Record<string, unknown>>,
): CloseOutcome {
  const answer = readNode(cancelShape, node);
  if ('kind' in answer) return answer;
  if (answer.retry_flag === 'Y')
    return unknown('server_error', 'retry_flag', 'Alipay asks for the cancel to be repeated.');
  if (answer.action === 'close' || answer.action === 'refund') return { kind: 'accepted' };
  if (answer.action)
    return unknown('unlisted', answer.action, 'Alipay names an action that is not known here.');
  // Nothing happened, since there is no trade yet. Whether this kills the unscanned code is not documented.
  return { kind: 'not_yet', payableUntilMs: payableUntilMs(context.config, trade) };
}
