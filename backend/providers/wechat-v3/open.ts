import { wechatTime } from '../../../wire/china-time.ts';
import { unknown } from '../exchange.ts';
import type { Answered, Asked, OpenOutcome, OpenRequest } from '../provider.ts';
import { type Called, callWechat, readJson, type WechatContext } from './call.ts';
import { meaningOf, OPEN_ERRORS } from './errors.ts';
import { nativeShape } from './wire.ts';

/** Native order: the order exists at once, and its code can be scanned until `time_expire`. */
export async function open(
  context: WechatContext,
  request: OpenRequest,
  at: Asked,
): Promise<Answered<OpenOutcome>> {
  const { config } = context;
  // Built once: these very characters are signed and sent. A repeat must be identical, `time_expire` included.
  const body = JSON.stringify({
    appid: config.appId,
    mchid: config.mchId,
    description: request.subject,
    out_trade_no: request.tradeNo,
    time_expire: wechatTime(request.expiresAtMs),
    notify_url: request.notifyUrl ?? config.notifyUrl,
    amount: { total: request.amountFen, currency: 'CNY' },
  });
  const { reply, exchange } = await callWechat(
    context,
    { method: 'POST', path: '/v3/pay/transactions/native', body },
    at,
  );
  return { outcome: outcomeOf(reply), exchange };
}

function outcomeOf(reply: Called['reply']): OpenOutcome {
  if (reply.kind === 'unknown') return reply;
  if (reply.kind === 'ok') {
    const answer = readJson(nativeShape, reply.json);
    return 'value' in answer ? { kind: 'code', codeUrl: answer.value.code_url } : answer;
  }
  const { code, message } = reply;
  const meaning = meaningOf(OPEN_ERRORS, code, reply.status);
  switch (meaning.to) {
    case 'refused':
      return { kind: 'refused', reason: meaning.reason, code, message };
    case 'query_first':
      return { kind: 'query_first', code, message };
    case 'unknown':
      return unknown(meaning.cause, code, message);
    default:
      return unknown('unlisted', code, message);
  }
}
