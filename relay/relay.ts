import { createServer, type Server, type ServerOptions } from 'node:http';
import fastify from 'fastify';
import type { Registry as Metrics } from 'prom-client';
import { type Clock, MINUTE, SECOND } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import { EnrolRequest } from '../wire/relay.ts';
import { problem, registerAdmin, registerProblems } from './admin.ts';
import { type AdmissionLimits, createAdmission, createRateLimit } from './admission.ts';
import { readBacklogs } from './backlogs.ts';
import { createIngest } from './ingest.ts';
import type { Mailbox } from './mailbox.ts';
import { createTally } from './metrics.ts';
import { registerOperatorPage } from './operator-page.ts';
import { createPush, PUSH_LIMITS, type PushLimits } from './push.ts';
import type { Registry } from './registry.ts';
import { sourceOf } from './source.ts';
import type { WalletKeys } from './wallet-keys.ts';

/** A post that is not whole by then is refused with 408. */
const REQUEST_MS_MAX = 5_000;
/** Of enrolments and the operator's requests; notifications have a bound of their own. */
const OWN_BODY_BYTES_MAX = 16 * 1024;
const SERVER_LIMITS: ServerOptions = {
  requestTimeout: REQUEST_MS_MAX,
  headersTimeout: REQUEST_MS_MAX,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 8 * 1024,
  // A wallet may have more to post.
  keepAliveTimeout: 72 * SECOND,
};
/** Enrolments a second from one source, lasting: a code has 60 bits. */
const ENROLMENTS_PER_SECOND = 2;
const SWEEP_MS = MINUTE;
const STOP_MS_MAX = 3_000;

export interface RelayDeps {
  mailbox: Mailbox;
  registry: Registry;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  adminToken: string;
  /** Asked for when needed: it may only be known once the server listens. */
  publicUrl: () => string;
  window: number;
  trustedProxies: readonly string[];
  admission: AdmissionLimits;
  /** With them forgeries are dropped early; null: every till judges its own. */
  walletKeys: WalletKeys | null;
  push?: Partial<PushLimits>;
}

export interface Relay {
  /** To be listened with. */
  server: Server;
  stop(): Promise<void>;
}

/** Ingest, push, enrolment and the operator's view over one mailbox and one registry, neither of which it closes. */
export async function createRelay(deps: RelayDeps): Promise<Relay> {
  const { mailbox, registry, clock, log, metrics } = deps;
  const trustedProxies = new Set(deps.trustedProxies);
  const tally = createTally(metrics, async () => ({
    backlogs: await readBacklogs(
      mailbox,
      registry.list().map(({ till }) => till),
    ),
    connected: push.connected(),
    nowMs: clock.nowMs(),
  }));
  const ingest = createIngest({
    ...deps,
    tally,
    trustedProxies,
    admission: createAdmission(clock, deps.admission),
  });
  const app = fastify({
    logger: false,
    bodyLimit: OWN_BODY_BYTES_MAX,
    routerOptions: { maxParamLength: 64 },
    serverFactory: (handle) =>
      createServer(SERVER_LIMITS, (request, response) => {
        if (!ingest(request, response)) handle(request, response);
      }),
  });
  const push = createPush(app.server, {
    ...deps,
    tally,
    trustedProxies,
    relayName: () => relayName(deps.publicUrl()),
    limits: { ...PUSH_LIMITS, ...deps.push },
  });

  registerProblems(app, log);
  registerAdmin(app, { ...deps, push, trustedProxies, token: deps.adminToken });
  registerOperatorPage(app);

  const enrolments = createRateLimit(clock, ENROLMENTS_PER_SECOND);
  app.post('/enrol', async (request, reply) => {
    if (!enrolments.take(sourceOf(request.raw, trustedProxies))) {
      return problem(reply, 429, 'too_often', 'Try again in a while.');
    }
    const body = EnrolRequest.safeParse(request.body);
    if (!body.success) return problem(reply, 400, 'bad_request', 'This is no enrolment.');
    if (!(await registry.enrol(body.data))) {
      return problem(reply, 403, 'refused', 'The code is wrong, old or used. Ask the operator for another.');
    }
    const { till } = body.data;
    await mailbox.prepare(till);
    log.info({ till, fingerprint: registry.find(till)?.fingerprint }, 'till enrolled');
    return { till, ...addresses(deps.publicUrl(), till) };
  });

  app.get('/healthz', async (_request, reply) => {
    const trouble = mailbox.trouble();
    return reply.code(trouble === null ? 200 : 503).send({ ok: trouble === null, trouble });
  });
  app.get('/metrics', async (_request, reply) =>
    reply.header('content-type', metrics.contentType).send(await metrics.metrics()),
  );

  await app.ready();
  let cancelSweep = clock.after(SWEEP_MS, sweep);
  function sweep(): void {
    deps.walletKeys?.reload();
    mailbox
      .sweep()
      .catch((error: unknown) => log.error({ err: error }, 'the mailboxes could not be swept'))
      .finally(() => {
        if (!stopped) cancelSweep = clock.after(SWEEP_MS, sweep);
      });
  }

  let stopped = false;
  return {
    server: app.server,
    async stop() {
      stopped = true;
      cancelSweep();
      push.stop();
      await closeServer(app.server, clock);
      await app.close();
    },
  };
}

/** Lets what is being answered finish, for a moment. */
function closeServer(server: Server, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve();
    const cancel = clock.after(STOP_MS_MAX, () => server.closeAllConnections());
    server.close(() => {
      cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** The relay's name, which tills sign: the host of its public address. */
function relayName(publicUrl: string): string {
  return new URL(publicUrl).host;
}

function addresses(publicUrl: string, till: string) {
  const base = publicUrl.replace(/\/$/, '');
  return {
    relay: relayName(publicUrl),
    pushUrl: `${base.replace(/^http/, 'ws')}/till`,
    notifyUrl: `${base}/notify/${till}/{channel}`,
  };
}
