import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { NOTIFICATION_BYTES_MAX, RELAY_CHANNELS, type RelayChannel } from '../wire/relay.ts';
import { isWechatProbe } from '../wire/wechat-v3-signature.ts';
import { refused, taken, type Words } from './acknowledgement.ts';
import type { Admission } from './admission.ts';
import { judgeEarly } from './early-check.ts';
import type { Mailbox, Notification } from './mailbox.ts';
import type { Tally } from './metrics.ts';
import { notificationId } from './notification-id.ts';
import type { Registry } from './registry.ts';
import { sourceOf } from './source.ts';
import type { WalletKeys } from './wallet-keys.ts';

/** WeChat wants its answer within 5 s: what takes longer to store is refused, and sent again. */
const STORE_MS_MAX = 4_000;

/** What a till needs to judge the bytes, and an operator to see who sent them. */
const HEADERS_KEPT = /^(content-type|content-encoding|user-agent|request-id|wechatpay-.+)$/;

export interface IngestDeps {
  mailbox: Mailbox;
  registry: Registry;
  admission: Admission;
  /** Null: nothing is judged here. */
  walletKeys: WalletKeys | null;
  clock: Clock;
  log: Log;
  tally: Tally;
  trustedProxies: ReadonlySet<string>;
}

/** As in `/notify/{till}/{channel}`, still as it was written. */
const ADDRESS = /^\/notify\/([^/?]+)\/([^/?]+)(?:\?|$)/;
const NAME_CHARACTERS_MAX = 64;

/** Answers a notification; false, with nothing done, when the request is none. */
export type Ingest = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * `POST /notify/{till}/{channel}`: stores the bytes as they came, then answers in the wallet's own words. Without a
 * framework: its way to a body takes longer than all that is done with it here.
 */
export function createIngest(deps: IngestDeps): Ingest {
  const { mailbox, registry, admission, clock, log, tally } = deps;

  async function receive(
    request: IncomingMessage,
    response: ServerResponse,
    till: string,
    channel: RelayChannel | null,
  ): Promise<void> {
    // Before a byte of the body is read.
    const source = sourceOf(request, deps.trustedProxies);
    if (till.length > NAME_CHARACTERS_MAX) return turnAway(response, channel, 414, 'endless_name');
    if (channel === null) return turnAway(response, null, 404, 'unknown_channel');
    if (!registry.find(till)) return turnAway(response, channel, 404, 'unknown_till');
    const place = admission.enter(till, source);
    if (place === 'too_often') return turnAway(response, channel, 429, place);
    if (place === 'too_many_at_once') return turnAway(response, channel, 503, place);
    tally.received(channel);
    try {
      const body = await bodyOf(request);
      if (body === 'gone') return;
      if (body === 'too_large') return turnAway(response, channel, 413, body);
      if (body.length === 0) {
        tally.refused('empty');
        return say(response, refused(channel, 400, 'empty'));
      }
      await take({ till, channel, source, headers: keptHeaders(request.headers), body }, response);
    } finally {
      // Not at the response's end: one that waits behind another on its connection may never have one.
      place.leave();
    }
  }

  async function take(
    posted: Omit<Notification, 'id' | 'receivedMs' | 'body'> & { body: Buffer },
    response: ServerResponse,
  ): Promise<void> {
    const { till, channel, source, headers, body } = posted;
    const receivedMs = clock.nowMs();
    // Taken in, it would tell WeChat that nobody checks, and stand for the genuine one of its id, which is to follow.
    if (channel === 'wechat' && isWechatProbe(headers)) {
      tally.refused('probe');
      return say(response, refused(channel, 401, 'probe'));
    }
    const verdict = deps.walletKeys
      ? judgeEarly({ channel, headers, body }, deps.walletKeys.of(till))
      : 'unjudged';
    if (verdict === 'verified') tally.verified(channel);
    if (verdict === 'forged') {
      tally.forged(channel);
      log.debug({ till, channel, bytes: body.length, source }, 'a forgery was dropped');
      return say(response, refused(channel, 401, 'forged'));
    }
    const id = notificationId(till, channel, body);
    let result: Awaited<ReturnType<Mailbox['put']>> | 'late';
    try {
      result = await inTime(mailbox.put({ id, till, channel, receivedMs, source, headers, body }));
    } catch (error) {
      log.error({ err: error, till, channel }, 'a notification could not be stored');
      result = 'late';
    }
    log.debug({ till, channel, id, bytes: body.length, source, result }, 'notification');
    if (result === 'full' || result === 'late') {
      const reason = result === 'full' ? 'mailbox_full' : 'not_stored';
      tally.refused(reason);
      response.setHeader('retry-after', '15');
      return say(response, refused(channel, 503, reason));
    }
    tally[result](channel);
    say(response, taken(channel));
  }

  function turnAway(
    response: ServerResponse,
    channel: RelayChannel | null,
    status: number,
    reason: string,
  ): void {
    tally.refused(reason);
    // Its body, which nobody will read, may be on the way.
    response.setHeader('connection', 'close');
    if (status === 429 || status === 503) response.setHeader('retry-after', '1');
    say(response, refused(channel, status, reason));
  }

  function inTime<T>(work: Promise<T>): Promise<T | 'late'> {
    return new Promise((resolve, reject) => {
      const cancel = clock.after(STORE_MS_MAX, () => resolve('late'));
      work.then(resolve, reject).finally(cancel);
    });
  }

  return (request, response) => {
    const address = request.method === 'POST' ? ADDRESS.exec(request.url ?? '') : null;
    if (!address) return false;
    const [, till = '', name] = address;
    const channel = RELAY_CHANNELS.find((each) => each === name) ?? null;
    receive(request, response, till, channel).catch((error: unknown) => {
      log.error({ err: error }, 'a notification was not taken in');
      if (!response.headersSent) turnAway(response, channel, 500, 'internal');
    });
    return true;
  };
}

/** The bytes; `gone` when the sender goes away before the last. What is past the bound is not kept. */
function bodyOf(request: IncomingMessage): Promise<Buffer | 'too_large' | 'gone'> {
  return new Promise((resolve) => {
    if (Number(request.headers['content-length'] ?? 0) > NOTIFICATION_BYTES_MAX) return resolve('too_large');
    let chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= NOTIFICATION_BYTES_MAX) {
        chunks.push(chunk);
      } else {
        chunks = [];
        resolve('too_large');
      }
    });
    request.on('end', () => {
      const [only] = chunks;
      resolve(chunks.length === 1 && only ? only : Buffer.concat(chunks));
    });
    request.on('close', () => resolve('gone'));
  });
}

function say(response: ServerResponse, { status, contentType, body }: Words): void {
  response.statusCode = status;
  if (contentType) response.setHeader('content-type', contentType);
  response.end(body);
}

function keptHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string' && HEADERS_KEPT.test(name)) kept[name] = value;
  }
  return kept;
}
