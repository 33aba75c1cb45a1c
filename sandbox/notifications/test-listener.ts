import { type Clock, sleep } from '../../ports/clock.ts';
import { type HttpAnswer, type HttpClient, HttpFault, type HttpRequest } from '../../ports/http.ts';
import { readAlipayNotification, verifyAlipayNotification } from '../../wire/alipay-notification.ts';
import { parseCertificate } from '../../wire/certificate.ts';
import { parsePublicKey } from '../../wire/keys.ts';
import { parseApiV3Key } from '../../wire/wechat-v3-aead.ts';
import { openWechatNotification } from '../../wire/wechat-v3-notification.ts';
import { verifyWechatMessage, wechatVerifiers } from '../../wire/wechat-v3-signature.ts';
import type { Identity } from '../identity/identity.ts';

export type Reaction = { status: number; body?: string } | 'silence' | HttpFault;

export const SUCCESS: Reaction = { status: 200, body: 'success' };

/** Whoever stands at the notify_url: notes what comes, and reacts as told. Answers `success` unless told otherwise. */
export class TestListener implements HttpClient {
  readonly got: { atMs: number; request: HttpRequest }[] = [];
  react: (request: HttpRequest, count: number) => Reaction | Promise<Reaction> = () => SUCCESS;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async send(...[request, options]: Parameters<HttpClient['send']>): Promise<HttpAnswer> {
    this.got.push({ atMs: this.#clock.nowMs(), request });
    const reaction = await this.react(request, this.got.length);
    if (reaction instanceof HttpFault) throw reaction;
    if (reaction === 'silence') {
      await sleep(this.#clock, options?.timeouts?.totalMs ?? Number.POSITIVE_INFINITY, options?.signal).catch(
        (cause: unknown) => {
          throw new HttpFault('aborted', 'maybe', 'Given up.', { cause });
        },
      );
      throw new HttpFault('timeout', 'maybe', 'No answer in time.');
    }
    return { status: reaction.status, headers: {}, body: Buffer.from(reaction.body ?? '') };
  }

  async close(): Promise<void> {}

  /** The pauses between what came, in ms. */
  gaps(): number[] {
    return this.got.slice(1).map(({ atMs }, index) => atMs - (this.got[index]?.atMs ?? 0));
  }
}

/** What a till makes of it: the verdict on the signature, and the content if it can be read. */
export function read(
  { headers, body = '' }: HttpRequest,
  { alipay, wechat }: Identity,
  nowMs: number,
): { verdict: string; id: string; content: Record<string, unknown> } {
  const bytes = Buffer.from(body);
  if (headers['content-type'] !== 'application/json') {
    const reading = readAlipayNotification(bytes);
    if (!reading.ok) throw new Error(reading.why);
    const genuine = verifyAlipayNotification(reading.notification, parsePublicKey(alipay.alipayPublicKey));
    const content = Object.fromEntries(reading.notification.fields);
    return { verdict: genuine ? 'OK' : 'BAD_SIGNATURE', id: content.notify_id ?? '', content };
  }
  const verifiers = wechatVerifiers([
    [wechat.publicKeyId, parsePublicKey(wechat.publicKey)],
    ...wechat.platform.map((one) => [one.serial, parseCertificate(one.certificate).publicKey] as const),
  ]);
  const opened = openWechatNotification(bytes, parseApiV3Key(wechat.apiV3Key));
  if (!opened.ok) throw new Error(opened.why);
  const { id, content } = opened.notification;
  return {
    verdict: verifyWechatMessage({ headers, body: bytes }, verifiers, nowMs),
    id,
    content: content as Record<string, unknown>,
  };
}
