import { alipayTime } from '../../../wire/china-time.ts';
import { fenToYuan } from '../../domain/money.ts';
import { unknown } from '../exchange.ts';
import type { Answered, Asked, OpenOutcome, OpenRequest } from '../provider.ts';
import { type AlipayContext, callGateway, foreignNumber, readNode } from './call.ts';
import { ALIPAY_PRODUCT_CODE } from './config.ts';
import { meaningOf, PRECREATE_ERRORS } from './errors.ts';
import { qrLifeMinutes } from './life.ts';
import { precreateShape } from './wire.ts';

const FORBIDDEN: Readonly<Record<string, string>> = { '/': '／', '=': '＝', '&': '＆' };

/** `alipay.trade.precreate`: a code, and no trade before it is scanned. */
export async function open(
  context: AlipayContext,
  request: OpenRequest,
  at: Asked,
): Promise<Answered<OpenOutcome>> {
  const notifyUrl = request.notifyUrl ?? context.config.notifyUrl;
  const config = { ...context.config, ...(notifyUrl === undefined ? {} : { notifyUrl }) };
  const biz = {
    out_trade_no: request.tradeNo,
    total_amount: fenToYuan(request.amountFen),
    subject: alipaySubject(request.subject),
    product_code: config.productCode ?? ALIPAY_PRODUCT_CODE,
    ...(config.sellerId ? { seller_id: config.sellerId } : {}),
    time_expire: alipayTime(request.expiresAtMs),
    qr_code_timeout_express: `${qrLifeMinutes(request)}m`,
  };
  const { reply, exchange } = await callGateway({ ...context, config }, 'alipay.trade.precreate', biz, at);
  return { outcome: outcomeOf(reply, request), exchange };
}

/** Alipay refuses `/ = &` in a subject; their full-width twins look the same to a customer. */
function alipaySubject(subject: string): string {
  return subject.replace(/[/=&]/g, (character) => FORBIDDEN[character] ?? character);
}

function outcomeOf(
  reply: Awaited<ReturnType<typeof callGateway>>['reply'],
  request: OpenRequest,
): OpenOutcome {
  if (reply.kind === 'unknown') return reply;
  const foreign = foreignNumber(reply.node, request.tradeNo);
  if (foreign) return foreign;
  if (reply.kind === 'ok') {
    const node = readNode(precreateShape, reply.node);
    return 'kind' in node ? node : { kind: 'code', codeUrl: node.qr_code };
  }
  const meaning = meaningOf(PRECREATE_ERRORS, reply.subCode);
  const said = { code: reply.subCode, message: reply.message };
  switch (meaning.to) {
    case 'refused':
      return { kind: 'refused', reason: meaning.reason, ...said };
    case 'query_first':
      return { kind: 'query_first', ...said };
    case 'no_trade':
      return unknown('unlisted', said.code, said.message);
    case 'unknown':
      return unknown(meaning.cause, said.code, said.message);
  }
}
