import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { TillName } from '../wire/relay.ts';
import { createRateLimit } from './admission.ts';
import { readBacklogs } from './backlogs.ts';
import type { Backlog, Mailbox } from './mailbox.ts';
import type { Push } from './push.ts';
import type { Registry } from './registry.ts';
import { sourceOf } from './source.ts';
import type { WalletKeys } from './wallet-keys.ts';

/** Guesses a second at the admin token from one source, lasting. */
const GUESSES_PER_SECOND = 1;
const DEAD_LETTERS_SHOWN = 100;

export interface AdminDeps {
  token: string;
  registry: Registry;
  mailbox: Mailbox;
  push: Push;
  clock: Clock;
  log: Log;
  trustedProxies: ReadonlySet<string>;
  walletKeys: WalletKeys | null;
}

/** One till, as the operator sees it: no payload, no payer. */
const TillView = z.object({
  till: z.string(),
  fingerprint: z.string(),
  enrolledMs: z.number(),
  connected: z.boolean(),
  /** Null: not since this node was started. */
  lastSeenMs: z.number().nullable(),
  waiting: z.number(),
  oldestMs: z.number().nullable(),
  dead: z.number(),
});
export const TillsView = z.object({ tills: z.array(TillView), invited: z.array(z.string()) });
export const InspectView = TillView.extend({
  deadLetters: z.array(
    z.object({
      id: z.string(),
      channel: z.string(),
      receivedMs: z.number(),
      bytes: z.number(),
      reason: z.string(),
    }),
  ),
});
export const KeysView = z.object({
  files: z.array(
    z.object({
      file: z.string(),
      till: z.string().nullable(),
      channel: z.string(),
      name: z.string().nullable(),
      trouble: z.string().nullable(),
    }),
  ),
});
export const InviteView = z.object({ till: z.string(), code: z.string(), expiresMs: z.number() });
export const ReplayView = z.object({ replayed: z.number() });

const ReplayRequest = z.strictObject({ id: z.string().min(1).max(64).nullable() });

interface OfTill {
  Params: { till: string };
}

/** `/admin/…`: what the CLI and the operator's page use, with the admin token as bearer. */
export function registerAdmin(app: FastifyInstance, deps: AdminDeps): void {
  const { registry, mailbox, push, clock, log } = deps;
  const guesses = createRateLimit(clock, GUESSES_PER_SECOND);
  const expected = digest(deps.token);

  app.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
      if (given !== undefined && timingSafeEqual(digest(given), expected)) return;
      const source = sourceOf(request.raw, deps.trustedProxies);
      if (!guesses.take(source)) return problem(reply, 429, 'too_often', 'Too many wrong tokens.');
      log.warn({ source }, 'a wrong admin token was given');
      return problem(reply, 401, 'unauthorized', 'The admin token is missing or wrong.');
    });

    scope.get('/admin/tills', async () => {
      const tills = registry.list().map(({ till }) => till);
      const backlogs = await readBacklogs(mailbox, tills);
      const views = backlogs.map((backlog, index) => view(tills[index] ?? '', backlog));
      return { tills: views, invited: registry.invited() };
    });

    scope.get<OfTill>('/admin/tills/:till', async (request, reply) => {
      const { till } = request.params;
      if (!registry.find(till)) return unknown(reply);
      const deadLetters = await mailbox.deadLetters(till, DEAD_LETTERS_SHOWN);
      return { ...view(till, await mailbox.backlog(till)), deadLetters };
    });

    scope.get('/admin/keys', async () => {
      deps.walletKeys?.reload();
      return { files: deps.walletKeys?.files() ?? [] };
    });

    scope.post<OfTill>('/admin/tills/:till/code', async (request, reply) => {
      const name = TillName.safeParse(request.params.till);
      if (!name.success) {
        return problem(reply, 400, 'bad_name', 'A till’s name has 1 to 64 letters, digits, - and _.');
      }
      const invitation = await registry.invite(name.data);
      log.info({ till: name.data }, 'till invited');
      return { till: name.data, ...invitation };
    });

    scope.post<OfTill>('/admin/tills/:till/revoke', async (request, reply) => {
      const { till } = request.params;
      if (!(await registry.revoke(till))) return unknown(reply);
      await mailbox.forget(till);
      log.info({ till }, 'till revoked');
      return reply.code(204).send();
    });

    scope.post<OfTill>('/admin/tills/:till/replay', async (request, reply) => {
      const { till } = request.params;
      if (!registry.find(till)) return unknown(reply);
      const body = ReplayRequest.safeParse(request.body);
      if (!body.success)
        return problem(reply, 400, 'bad_request', 'Send {"id": "…"} or {"id": null} for all.');
      const replayed = await mailbox.replay(till, body.data.id);
      log.info({ till, replayed }, 'dead letters replayed');
      return { replayed };
    });
  });

  function view(till: string, backlog: Backlog) {
    const known = registry.find(till);
    const presence = push.presence(till);
    return {
      till,
      fingerprint: known?.fingerprint ?? '',
      enrolledMs: known?.enrolledMs ?? 0,
      connected: presence?.connected ?? false,
      lastSeenMs: presence ? (presence.connected ? clock.nowMs() : presence.sinceMs) : null,
      ...backlog,
    };
  }
}

export function problem(reply: FastifyReply, status: number, code: string, detail: string): FastifyReply {
  return reply
    .code(status)
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', status, code, detail }));
}

/** For errors that a route did not answer itself. */
export function registerProblems(app: FastifyInstance, log: Log): void {
  app.setNotFoundHandler((_request: FastifyRequest, reply) =>
    problem(reply, 404, 'not_found', 'There is nothing at this address.'),
  );
  app.setErrorHandler((error: { statusCode?: number; name?: string }, request, reply) => {
    const status = error.name === 'MailboxAway' ? 503 : (error.statusCode ?? 500);
    if (status >= 500) log.error({ err: error, path: request.routeOptions.url }, 'a request failed');
    const [code, text] =
      status === 503
        ? ['mailbox_away', 'The mailboxes cannot be used just now.']
        : status < 500
          ? ['bad_request', 'The request cannot be read.']
          : ['internal', 'The relay failed; its log says why.'];
    return problem(reply, status, code, text);
  });
}

function unknown(reply: FastifyReply): FastifyReply {
  return problem(reply, 404, 'unknown_till', 'There is no such till.');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
