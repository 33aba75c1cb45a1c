import { z } from 'zod';
import type { Download } from '../../../ports/download.ts';
import { HttpFault } from '../../../ports/http.ts';
import { BillError, type BillLine } from '../../../wire/bill.ts';
import { gunzipped, hashChecked, peeked, unzipped } from '../../../wire/bill-packing.ts';
import { readWechatFundFlowBill, readWechatTradeBill } from '../../../wire/wechat-bill.ts';
import { counted } from '../counted.ts';
import { unansweredBy, unknown } from '../exchange.ts';
import type { Answered, Asked, BillKind, BillOutcome, BillRequest } from '../provider.ts';
import { callWechat, readJson, type WechatContext } from './call.ts';
import type { WechatV3Config } from './config.ts';
import { BILL_ERRORS, meaningOf } from './errors.ts';
import { signedHeaders } from './send.ts';

/** `GET /v3/bill/tradebill` and `…/fundflowbill` (protocol: bills). */
const billShape = z.object({
  hash_type: z.literal('SHA1'),
  hash_value: z.string().regex(/^[0-9a-fA-F]{40}$/),
  download_url: z.url({ protocol: /^https?$/ }),
});

const PATHS: Record<BillKind, string> = {
  trade: '/v3/bill/tradebill',
  fund_flow: '/v3/bill/fundflowbill',
};

/** Asks where the day's bill is, and reads it as it comes: unpacked, and held against the announced hash. */
export async function bill(
  context: WechatContext,
  download: Download,
  request: BillRequest,
  at: Asked,
): Promise<Answered<BillOutcome>> {
  const type = request.kind === 'trade' ? '&bill_type=ALL' : '&account_type=BASIC';
  const path = `${PATHS[request.kind]}?bill_date=${request.day}${type}&tar_type=GZIP`;
  const { reply, exchange } = await callWechat(context, { method: 'GET', path }, at);
  if (reply.kind === 'unknown') return { outcome: reply, exchange };
  if (reply.kind === 'failed') {
    const meaning = meaningOf(BILL_ERRORS, reply.code, reply.status);
    if (meaning.to === 'no_order') return { outcome: { kind: 'empty' }, exchange };
    if (meaning.to === 'not_ready') return { outcome: { kind: 'not_ready' }, exchange };
    const cause = meaning.to === 'unknown' ? meaning.cause : 'unlisted';
    return { outcome: unknown(cause, reply.code, reply.message), exchange };
  }
  const answer = readJson(billShape, reply.json);
  if (!('value' in answer)) return { outcome: answer, exchange };
  const { download_url, hash_value } = answer.value;
  return {
    outcome: await fetched(context, download, { ...request, download_url, hash_value }, at),
    exchange,
  };
}

/** A bill as a person got it at the merchant platform: plain, gzip or zip. */
export async function* readDropped(
  config: Pick<WechatV3Config, 'mchId'>,
  bytes: AsyncIterable<Uint8Array>,
  request: BillRequest,
): AsyncGenerator<BillLine[]> {
  const { first, bytes: whole } = await peeked(bytes);
  if (first[0] === 0x1f && first[1] === 0x8b) yield* linesOf(config, gunzipped(whole), request);
  else if (first[0] === 0x50 && first[1] === 0x4b)
    yield* linesOf(
      config,
      unzipped(whole, (name) => name.endsWith('.csv')),
      request,
    );
  else yield* linesOf(config, whole, request);
}

async function fetched(
  context: WechatContext,
  download: Download,
  named: BillRequest & { download_url: string; hash_value: string },
  at: Asked,
): Promise<BillOutcome> {
  const url = new URL(named.download_url);
  // The request is signed with the merchant's key: it goes to WeChat alone.
  if (!context.config.hosts.includes(url.origin))
    return unknown('not_genuine', 'download_url', `The bill lies at ${url.origin}, which is not WeChat.`);
  const request = { method: 'GET' as const, path: `${url.pathname}${url.search}` };
  const headers = {
    ...signedHeaders(context.config, context.ports.random, request, at.nowMs),
    accept: '*/*',
  };
  try {
    const answer = await download({ ...request, origin: url.origin, headers }, at.signal);
    if (answer.status !== 200) {
      const cause = answer.status === 429 ? 'throttled' : 'server_error';
      return unknown(cause, `http_${answer.status}`, `The bill was answered with ${answer.status}.`);
    }
    const file = counted(answer);
    const { first, bytes } = await peeked(file.bytes);
    const isPacked = first[0] === 0x1f && first[1] === 0x8b;
    const text = hashChecked(isPacked ? gunzipped(bytes) : bytes, named.hash_value);
    return { kind: 'lines', lines: linesOf(context.config, text, named), read: file.read };
  } catch (error) {
    if (error instanceof BillError || !(error instanceof HttpFault)) throw error;
    return unansweredBy(error);
  }
}

function linesOf(
  { mchId }: Pick<WechatV3Config, 'mchId'>,
  bytes: AsyncIterable<Uint8Array>,
  { kind, day }: BillRequest,
): AsyncGenerator<BillLine[]> {
  const of = { merchantId: mchId, day };
  return kind === 'trade' ? readWechatTradeBill(bytes, of) : readWechatFundFlowBill(bytes, of);
}
