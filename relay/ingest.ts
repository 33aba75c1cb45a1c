import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { NOTIFICATION_BYTES_MAX, RELAY_CHANNELS, type RelayChannel } from '../wire/relay.ts';
import { refused, taken, type Words } from './acknowledgement.ts';
import type { Admission } from './admission.ts';
import { judgeEarly } from './early-check.ts';
import type { Mailbox } from './mailbox.ts';
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

interface Post {
  Params: { till: string; channel: string };
}

/** `POST /notify/{till}/{channel}`: stores the bytes as they came, then answers in the wallet's own words. */
export function registerIngest(app: FastifyInstance, deps: IngestDeps): void {
  const { mailbox, registry, admission, clock, log, tally } = deps;
  const seen = new WeakMap<object, { source: string; headers: Record<string, string> }>();

  /** Before a byte of the body is read. */
  function admit(request: FastifyRequest<Post>, reply: FastifyReply, done: () => void): void {
    const { till } = request.params;
    const channel = channelOf(request);
    const source = sourceOf(request.raw, deps.trustedProxies);
    if (channel === null) {
      turnAway(reply, null, 404, 'unknown_channel');
    } else if (!registry.find(till)) {
      turnAway(reply, channel, 404, 'unknown_till');
    } else {
      const place = admission.enter(till, source);
      if (place === 'too_often') {
        turnAway(reply, channel, 429, place);
      } else if (place === 'too_many_at_once') {
        turnAway(reply, channel, 503, place);
      } else {
        reply.raw.once('close', () => place.leave());
        tally.received(channel);
        seen.set(request, { source, headers: keptHeaders(request.headers) });
        // The framework refuses types that are none; here any type will do.
        request.raw.headers['content-type'] = 'application/octet-stream';
        done();
      }
    }
  }

  function turnAway(reply: FastifyReply, channel: RelayChannel | null, status: number, reason: string): void {
    tally.refused(reason);
    // Its body, which nobody will read, may be on the way.
    reply.header('connection', 'close');
    if (status === 429 || status === 503) reply.header('retry-after', '1');
    say(reply, refused(channel, status, reason));
  }

  async function take(request: FastifyRequest<Post>, reply: FastifyReply): Promise<FastifyReply> {
    const { till } = request.params;
    const channel = channelOf(request) ?? 'test';
    const body = request.body;
    if (!(body instanceof Buffer) || body.length === 0) {
      tally.refused('empty');
      return say(reply, refused(channel, 400, 'empty'));
    }
    const receivedMs = clock.nowMs();
    const { source, headers } = seen.get(request) ?? { source: '', headers: {} };
    const verdict = deps.walletKeys
      ? judgeEarly({ channel, headers, body }, deps.walletKeys.of(till))
      : 'unjudged';
    if (verdict === 'verified') tally.verified(channel);
    if (verdict === 'forged') {
      tally.forged(channel);
      log.debug({ till, channel, bytes: body.length, source }, 'a forgery was dropped');
      return say(reply, refused(channel, 401, 'forged'));
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
      reply.header('retry-after', '15');
      return say(reply, refused(channel, 503, reason));
    }
    tally[result](channel);
    return say(reply, taken(channel));
  }

  function inTime<T>(work: Promise<T>): Promise<T | 'late'> {
    return new Promise((resolve, reject) => {
      const cancel = clock.after(STORE_MS_MAX, () => resolve('late'));
      work.then(resolve, reject).finally(cancel);
    });
  }

  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    scope.setErrorHandler((error: { statusCode?: number }, request, reply) => {
      const status = error.statusCode ?? 500;
      const reason = status === 413 ? 'too_large' : status < 500 ? 'malformed' : 'internal';
      if (status >= 500) log.error({ err: error }, 'a notification was not taken in');
      tally.refused(reason);
      reply.header('connection', 'close');
      return say(reply, refused(channelOf(request as FastifyRequest<Post>), status, reason));
    });
    scope.post<Post>('/notify/:till/:channel', { bodyLimit: NOTIFICATION_BYTES_MAX, onRequest: admit }, take);
  });
}

function channelOf(request: FastifyRequest<Post>): RelayChannel | null {
  return RELAY_CHANNELS.find((channel) => channel === request.params.channel) ?? null;
}

function say(reply: FastifyReply, { status, contentType, body }: Words): FastifyReply {
  if (contentType) reply.header('content-type', contentType);
  return reply.code(status).send(body === '' ? undefined : body);
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
