import { z } from 'zod';
import type { Download } from '../../../ports/download.ts';
import { HttpFault } from '../../../ports/http.ts';
import { readAlipayBill, readAlipayBillZip } from '../../../wire/alipay-bill.ts';
import type { BillLine } from '../../../wire/bill.ts';
import { peeked } from '../../../wire/bill-packing.ts';
import { counted } from '../counted.ts';
import { unansweredBy, unknown } from '../exchange.ts';
import type { Answered, Asked, BillOutcome, BillRequest } from '../provider.ts';
import { type AlipayContext, callGateway, readNode } from './call.ts';
import type { AlipayConfig } from './config.ts';
import { BILL_ERRORS, meaningOf } from './errors.ts';

/** One word for a day without trades and for a bill that is not written yet. */
const NO_BILL = 'isp.bill_not_exist';

const billShape = z.object({ bill_download_url: z.url({ protocol: /^https?$/ }) });

/** `alipay.data.dataservice.bill.downloadurl.query`, then the zip, which is there for half a minute. */
export async function bill(
  context: AlipayContext,
  download: Download,
  request: BillRequest,
  at: Asked,
): Promise<Answered<BillOutcome>> {
  const biz = { bill_type: 'trade', bill_date: request.day };
  const { reply, exchange } = await callGateway(
    context,
    'alipay.data.dataservice.bill.downloadurl.query',
    biz,
    at,
  );
  // Unconfirmed: with which of its codes the gateway says so.
  if (reply.kind === 'unknown' && reply.code === NO_BILL) return { outcome: { kind: 'not_there' }, exchange };
  if (reply.kind === 'unknown') return { outcome: reply, exchange };
  if (reply.kind === 'failed') {
    const meaning = meaningOf(BILL_ERRORS, reply.subCode);
    if (meaning.to === 'no_trade') return { outcome: { kind: 'not_there' }, exchange };
    const cause = meaning.to === 'unknown' ? meaning.cause : 'unlisted';
    return { outcome: unknown(cause, reply.subCode, reply.message), exchange };
  }
  const node = readNode(billShape, reply.node);
  if ('kind' in node) return { outcome: node, exchange };
  const named = { url: new URL(node.bill_download_url), day: request.day };
  return { outcome: await fetched(context, download, named, at), exchange };
}

/** A bill as a person got it at the merchant platform: the zip, or the detail out of it. */
export async function* readDropped(
  { sellerId }: Pick<AlipayConfig, 'sellerId'>,
  bytes: AsyncIterable<Uint8Array>,
  { day }: Pick<BillRequest, 'day'>,
): AsyncGenerator<BillLine[]> {
  const of = { merchantId: sellerId, day };
  const { first, bytes: whole } = await peeked(bytes);
  const isZip = first[0] === 0x50 && first[1] === 0x4b;
  yield* isZip ? readAlipayBillZip(whole, of) : readAlipayBill(whole, of);
}

async function fetched(
  context: AlipayContext,
  download: Download,
  { url, day }: { url: URL; day: string },
  at: Asked,
): Promise<BillOutcome> {
  const isGateway = url.host === context.gateway.host;
  if (!isGateway && !url.hostname.endsWith('.alipay.com'))
    return unknown('not_genuine', 'bill_download_url', `The bill lies at ${url.host}, which is not Alipay.`);
  // The file has neither hash nor signature, and its address is given as plain http: it is fetched over TLS.
  if (!isGateway) url.protocol = 'https:';
  try {
    const answer = await download(
      { method: 'GET', origin: url.origin, path: `${url.pathname}${url.search}`, headers: {} },
      at.signal,
    );
    if (answer.status !== 200)
      return unknown('server_error', `http_${answer.status}`, `The bill was answered with ${answer.status}.`);
    const file = counted(answer);
    const lines = readAlipayBillZip(file.bytes, { merchantId: context.config.sellerId, day });
    return { kind: 'lines', lines, read: file.read };
  } catch (error) {
    if (!(error instanceof HttpFault)) throw error;
    return unansweredBy(error);
  }
}
