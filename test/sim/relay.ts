import { generateKeyPairSync } from 'node:crypto';
import Database from 'better-sqlite3';
import fastify, { type FastifyInstance } from 'fastify';
import { Registry as Metrics } from 'prom-client';
import { publicKeyOf } from '../../backend/relay/keys.ts';
import type { RelayPorts } from '../../backend/relay/relay-client.ts';
import { relayTable } from '../../backend/store/relay.ts';
import { MINUTE } from '../../ports/clock.ts';
import type { HttpAnswer } from '../../ports/http.ts';
import type { Log } from '../../ports/log.ts';
import { ADMISSION_LIMITS, createAdmission } from '../../relay/admission.ts';
import { createIngest } from '../../relay/ingest.ts';
import { MAILBOX_LIMITS, type Mailbox } from '../../relay/mailbox.ts';
import { createTally } from '../../relay/metrics.ts';
import { createRegistry, type Registry } from '../../relay/registry.ts';
import { createSession } from '../../relay/session.ts';
import { openRelayMemory } from '../../relay/sqlite/database.ts';
import { createSqliteJournal } from '../../relay/sqlite/journal.ts';
import { createSqliteMailbox } from '../../relay/sqlite/mailbox.ts';
import { enrolRequest } from '../../wire/relay.ts';
import { memoryKeys, relayNowhere } from '../fakes/relay.ts';
import type { DeliveryWatch } from './deliveries.ts';
import { createFate } from './fate.ts';
import { publicKeysOf } from './keys.ts';
import { createLiar, type Liar } from './liar.ts';
import { Dead, type Life, newLife } from './life.ts';
import { type Disk, mortalDatabase } from './mortal-database.ts';
import type { Line } from './network.ts';
import type { Chance } from './random.ts';
import type { RelayScenario } from './scenario.ts';
import { mortalSockets, type RelayEnd, type RelayLine } from './socket.ts';
import { count } from './tally.ts';
import type { RelayParty, World } from './world.ts';

const NAME = 'relay.example';
const SWEEP_MS = MINUTE;

/** The relay's process and its data: its real parts on a database that outlives its lives, without sockets of the system. */
export interface SimRelay extends RelayParty {
  /** Makes a till known to it, and it known to the till. */
  enrol(till: string, tillDb: Database.Database): Promise<TillsEnd>;
  start(): Promise<void>;
}

/** What one life of a till is given to reach it with. */
export type TillsEnd = (party: {
  life: Life;
  line: Line;
  chance: Chance;
  watch: DeliveryWatch;
}) => RelayPorts;

interface Running {
  life: Life;
  app: FastifyInstance;
  mailbox: Mailbox;
  accept(line: RelayLine): RelayEnd;
}

let empty: Buffer | null = null;

export function createSimRelay(world: World, scenario: RelayScenario): SimRelay {
  const { time, trace, counts } = world;
  const chance = world.chance.of('relay');
  empty ??= openRelayMemory().serialize();
  const db = new Database(empty);
  const disk: Disk = { isFull: false };
  const promised = new Map<string, string>();
  const liar: Liar | null = scenario.isLying ? createLiar(world, chance.of('liar')) : null;
  const fate = createFate({
    chance: chance.of('fate'),
    deaths: scenario.deaths,
    isSpared: () => world.isHealed,
    dies: (point) => died(point),
  });
  let running: Running | null = null;
  let lives = 0;
  let isGone = false;

  function died(how: string): void {
    count(counts, 'relay', `dies: ${how}`);
    trace.say('relay', `dies: ${how}`);
  }

  function ended(): void {
    running = null;
    if (isGone) return;
    const delayMs = world.isHealed ? 1_000 : chance.pick([100, 2_000, 15_000, 90_000]);
    time.after(delayMs, () => void start());
  }

  async function start(): Promise<void> {
    if (running || isGone) return;
    lives += 1;
    const life = newLife(
      time.clock(() => (world.isHealed ? 0 : scenario.clockOffMs)),
      fate,
      ended,
    );
    try {
      running = await boot(life);
      trace.say('relay', 'starts');
    } catch (error) {
      if (!(error instanceof Dead)) world.violation('the relay starts', String(error));
      life.end();
    }
  }

  async function boot(life: Life): Promise<Running> {
    const { clock } = life;
    const random = chance.of(`random${lives}`);
    const log = logOf(life);
    const mortal = mortalDatabase(db, life, disk, () => {});
    const limits = { ...MAILBOX_LIMITS, keepMs: 30 * 24 * 60 * MINUTE };
    const endOfTurn = (task: () => void) => void clock.after(0, task);
    const bare = createSqliteMailbox({ db: mortal, clock, random, endOfTurn, log, limits });
    const mailbox: Mailbox = {
      ...bare,
      async put(notification) {
        const result = await bare.put(notification);
        if (result !== 'full') promised.set(notification.id, notification.till);
        count(counts, 'relay', result);
        return result;
      },
    };
    const registry = await createRegistry({ journal: createSqliteJournal(mortal), clock, random });
    const tally = createTally(new Metrics(), async () => ({
      backlogs: [],
      connected: 0,
      nowMs: clock.nowMs(),
    }));
    const ingest = createIngest({
      mailbox,
      registry,
      walletKeys: scenario.checksEarly ? publicKeysOf(world.sandbox.identity()) : null,
      admission: createAdmission(clock, ADMISSION_LIMITS),
      clock,
      log,
      tally,
      trustedProxies: new Set(),
    });
    // The framework here for requests that no socket carries.
    const app = fastify({ logger: false, pluginTimeout: 0 });
    app.addHook('onRequest', (request, reply, done) => {
      if (ingest(request.raw, reply.raw)) reply.hijack();
      else done();
    });
    await app.ready();
    const sweep = () => {
      mailbox
        .sweep()
        .catch((error: unknown) => log.error({ err: error }, 'the mailboxes could not be swept'))
        .finally(() => clock.after(SWEEP_MS, sweep));
    };
    clock.after(SWEEP_MS, sweep);
    return {
      life,
      app,
      mailbox,
      accept: (line) => session({ life, line, registry, mailbox, log, tally, random }),
    };
  }

  function session(of: {
    life: Life;
    line: RelayLine;
    registry: Registry;
    mailbox: Mailbox;
    log: Log;
    tally: ReturnType<typeof createTally>;
    random: Chance;
  }): RelayEnd {
    const { life, line } = of;
    const tell = liar ? liar.between((text) => line.send(text)) : (text: string) => line.send(text);
    const { receive, lost } = createSession({
      ...of,
      line: { send: tell, close: (code, reason) => line.close(code, reason) },
      clock: life.clock,
      relayName: NAME,
      window: MAILBOX_LIMITS.window,
      greeted: (till) => trace.say('relay', `hears ${till}`),
      over: (till) => trace.say('relay', `lost ${till ?? 'somebody'}`),
    });
    return { life, receive, lost };
  }

  function logOf(life: Life): Log {
    const log: Log = {
      debug() {},
      info() {},
      warn() {},
      error(fields, message) {
        const { err } = fields as { err?: unknown };
        if (life.isOver || err instanceof Dead || disk.isFull) return;
        world.violation('no error is logged', `relay: ${message}: ${String(err)}`);
      },
      child: () => log,
    };
    return log;
  }

  return {
    disk,
    promised,
    isThere: () => !isGone,
    async enrol(till, tillDb) {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const operator = {
        journal: createSqliteJournal(db),
        clock: time.clock(),
        random: chance.of(`enrol ${till}`),
      };
      const registry = await createRegistry(operator);
      const { code } = await registry.invite(till);
      if (!(await registry.enrol(enrolRequest({ till, code }, { publicKey, privateKey }))))
        throw new Error(`The relay does not take ${till}.`);
      relayTable(tillDb).enrol({
        url: `https://${NAME}`,
        till,
        relay: NAME,
        pushUrl: `wss://${NAME}/till`,
        notifyUrl: `https://${NAME}/notify/${till}/{channel}`,
        publicKey: publicKeyOf(privateKey),
        enrolledAtMs: time.nowMs(),
      });
      const keys = memoryKeys();
      keys.prepare(privateKey).keep();
      return ({ life, line, chance: mine, watch }) => ({
        ...relayNowhere(),
        keys,
        openSocket: watch.over(
          mortalSockets({
            life,
            time,
            line,
            chance: mine,
            latencyMs: world.scenario.network.latencyMs,
            halfOpen: scenario.halfOpen,
            accept: (relayLine) => (running && !running.life.isOver ? running.accept(relayLine) : null),
            tell: (event) => count(counts, 'socket', event),
          }),
          life,
        ),
      });
    },
    start,
    restart() {
      const was = running;
      if (!was || was.life.isOver) return;
      died('orderly');
      void was.mailbox.close().then(() => was.life.end());
    },
    kill() {
      if (scenario.isGoneForGood) isGone = true;
      if (!running || running.life.isOver) return;
      died('power');
      running.life.end();
    },
    async post(path, headers, body) {
      const was = running;
      if (!was || was.life.isOver || was.life.diesAt('arrived')) return null;
      if (liar?.swallows()) return path.endsWith('/alipay') ? SWALLOWED : { ...SWALLOWED, status: 204 };
      const reply = await was.app.inject({ method: 'POST', url: path, headers, payload: body });
      if (was.life.isOver || was.life.diesAt('send')) return null;
      count(counts, 'relay', `answers ${reply.statusCode}`);
      return { status: reply.statusCode, headers: {}, body: reply.rawPayload };
    },
  };
}

/** The good word of a relay that has kept nothing. */
const SWALLOWED: HttpAnswer = { status: 200, headers: {}, body: Buffer.from('success') };
