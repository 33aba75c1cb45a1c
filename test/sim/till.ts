import { Registry } from 'prom-client';
import type { CallContext } from '../../backend/access.ts';
import { type Backend, createBackend } from '../../backend/backend.ts';
import type { Router } from '../../backend/dispatcher.ts';
import { LeaseLost, LockUnavailable, OrderBusy } from '../../backend/locks/order-mutex.ts';
import { ServiceError } from '../../backend/services/errors.ts';
import { type Db, StorageError } from '../../backend/store/database.ts';
import { StaleHold } from '../../backend/store/fences.ts';
import { SECOND } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { relayNowhere } from '../fakes/relay.ts';
import { watchCommits } from './commits.ts';
import { type DeliveryWatch, watchDeliveries } from './deliveries.ts';
import { createFate } from './fate.ts';
import { providersOf } from './keys.ts';
import { Dead, type Life, newLife } from './life.ts';
import { type Disk, mortalDatabase, newDatabase } from './mortal-database.ts';
import { type Line, mortalHttp } from './network.ts';
import type { SimRelay, TillsEnd } from './relay.ts';
import { createScreen } from './screen.ts';
import { count } from './tally.ts';
import type { World } from './world.ts';

/** An answer that takes longer than lock wait and code wait together never comes. */
const ANSWER_MAX_MS = 40 * SECOND;

/** What is waited for when a till ends in order: an answer of the lock server at most. */
const STOP_MAX_MS = 2 * SECOND;

const WINDOW: CallContext = { caller: 'window' };
const INTEGRATOR: CallContext = { caller: 'integrator' };

type Answer<T> =
  | { kind: 'ok'; value: T }
  | { kind: 'refused'; code: string }
  /** The till died or is not running: nobody knows. */
  | { kind: 'gone' };

export interface SimTill {
  readonly name: string;
  /** Its data, which outlives its processes. */
  readonly db: Db;
  readonly line: Line;
  readonly disk: Disk;
  /** Its wall clock less the true time. */
  offsetMs: number;
  isRunning(): boolean;
  /** Calls a procedure as the window does. Every answer is looked at for codes. */
  ask<T>(what: string, procedure: (api: Router, context: CallContext) => Promise<T>): Promise<Answer<T>>;
  askAsIntegrator<T>(
    what: string,
    procedure: (api: Router, context: CallContext) => Promise<T>,
  ): Promise<Answer<T>>;
  start(): void;
  /** Power cut. */
  kill(): void;
  /** An orderly end, then a new process. */
  restart(): void;
  /** Power cut, and nobody switches it on again for so long. */
  switchOff(forMs: number): void;
  /** Makes it known to the world's relay, before its first start. */
  enrol(at: SimRelay): Promise<void>;
  readonly deliveries: DeliveryWatch;
  /** What is wrong with it now, for the checks at the end. */
  complaints(): string[];
}

export function createSimTill(world: World, name: string): SimTill {
  const { time, trace, counts, scenario } = world;
  const chance = world.chance.of(name);
  const db = newDatabase();
  const commits = watchCommits(world, name, db);
  const screen = createScreen(world, name);
  const line: Line = { state: 'up', isHealed: false };
  const disk: Disk = { isFull: false };
  const deliveries = watchDeliveries(world, name, db);
  const fate = createFate({
    chance: chance.of('fate'),
    deaths: scenario.deaths,
    isSpared: () => world.isHealed,
    dies(point) {
      count(counts, 'death', point);
      trace.say(name, `dies: ${point}`);
    },
  });
  let relay: TillsEnd | null = null;
  /** It stays switched off until then, ms of the world. */
  let offUntilMs = 0;
  let life: Life | null = null;
  let backend: Backend | null = null;
  let lives = 0;
  const pending = new Map<number, { what: string; sinceMs: number }>();
  let calls = 0;

  function start(): void {
    if (life && !life.isOver) return;
    lives += 1;
    const mine = newLife(
      time.clock(() => till.offsetMs),
      fate,
      ended,
    );
    life = mine;
    trace.say(name, 'starts');
    const random = chance.of(`random${lives}`);
    const http = mortalHttp({
      life: mine,
      time,
      line,
      chance: chance.of(`net${lives}`),
      network: scenario.network,
      wallets: world.sandbox,
      onTwoAtOnce: (number) => world.violation('one question at a time per dialogue', `${name}: ${number}`),
      tell(event, request) {
        count(counts, 'network', event);
        if (event !== 'sent')
          trace.say(name, `line: ${event} ${request.method} ${request.path.slice(0, 60)}`);
      },
    });
    try {
      const made = createBackend({
        clock: mine.clock,
        random,
        endOfTurn: (task) => void mine.clock.after(0, task),
        log: logOf(mine),
        db: mortalDatabase(db, mine, disk, commits.look),
        providers: providersOf(world.keys, scenario.keys, {
          http,
          random,
          nowMs: mine.clock.nowMs(),
          alipayGraceMs: scenario.alipayGraceMs,
        }),
        metrics: new Registry(),
        mode: 'sandbox',
        webhook: null,
        version: '0.0.0',
        shopName: '面付',
        timeZone: 'Asia/Shanghai',
        phoneUrl: null,
        chargeTtlMs: scenario.chargeTtlMs,
        amountMaxFen: 10_000_000_000,
        refundAutomaticMaxFen: scenario.refundAutomaticMaxFen,
        apiKey: undefined,
        allowedHosts: [],
        uiDir: undefined,
        relay:
          relay?.({ life: mine, line, chance: chance.of(`push${lives}`), watch: deliveries }) ??
          relayNowhere(),
        ...(scenario.sharesOrders
          ? { locks: world.locks.locksOf({ life: mine, line, chance: chance.of(`locks${lives}`) }) }
          : {}),
      });
      backend = made;
      made.start();
      if (scenario.window) void screen.follow(made.api, mine);
    } catch (error) {
      if (!(error instanceof Dead) && !isFullDisk(error)) world.violation('a till starts', String(error));
      if (!mine.isOver) {
        trace.say(name, 'cannot start');
        mine.end();
      }
    }
  }

  /** Whatever ended it, somebody starts it again. */
  function ended(): void {
    backend = null;
    pending.clear();
    const delayMs = world.isHealed ? SECOND : chance.pick([100, 2_000, 15_000, 90_000]);
    time.after(Math.max(delayMs, offUntilMs - time.elapsedMs()), start);
  }

  function kill(): void {
    if (!life || life.isOver) return;
    count(counts, 'death', 'power');
    trace.say(name, 'power cut');
    life.end();
  }

  function logOf(mine: Life): Log {
    const log: Log = {
      debug() {},
      info() {},
      warn() {},
      error(fields, message) {
        const { err } = fields as { err?: unknown };
        if (mine.isOver || err instanceof Dead || isFullDisk(err)) return;
        world.violation('no error is logged', `${name}: ${message}: ${String(err)}`);
      },
      child: () => log,
    };
    return log;
  }

  async function asked<T>(
    what: string,
    context: CallContext,
    procedure: (api: Router, context: CallContext) => Promise<T>,
  ): Promise<Answer<T>> {
    const [mine, running] = [life, backend];
    count(counts, 'call', what);
    if (!mine || !running || mine.diesAt('call')) return { kind: 'gone' };
    const wasFull = disk.isFull;
    const number = calls++;
    pending.set(number, { what, sinceMs: time.elapsedMs() });
    try {
      const value = await procedure(running.api, context);
      if (mine.isOver) return { kind: 'gone' };
      trace.say(name, `${what}: ok`);
      screen.look(value);
      return { kind: 'ok', value };
    } catch (error) {
      if (mine.isOver || error instanceof Dead) return { kind: 'gone' };
      const code = codeOf(error);
      trace.say(name, `${what}: ${code ?? String(error)}`);
      const isExcused = (wasFull || disk.isFull) && isFullDisk(error);
      if (code === null && !isExcused)
        world.violation('calls fail by contract only', `${name}: ${what}: ${String(error)}`);
      count(counts, 'refusal', code ?? 'storage_full');
      return { kind: 'refused', code: code ?? 'storage_full' };
    } finally {
      if (!mine.isOver) pending.delete(number);
    }
  }

  const till: SimTill = {
    name,
    db,
    line,
    disk,
    offsetMs: 0,
    isRunning: () => life !== null && !life.isOver,
    ask: (what, procedure) => asked(what, WINDOW, procedure),
    askAsIntegrator: (what, procedure) => asked(what, INTEGRATOR, procedure),
    start,
    deliveries,
    async enrol(at) {
      relay = await at.enrol(name, db);
    },
    kill,
    switchOff(forMs) {
      offUntilMs = time.elapsedMs() + forMs;
      kill();
    },
    restart() {
      const [mine, running] = [life, backend];
      if (!mine || mine.isOver || !running) return;
      count(counts, 'death', 'orderly');
      trace.say(name, 'stops');
      const sinceMs = time.elapsedMs();
      void running.stop().then(() => {
        if (time.elapsedMs() - sinceMs > STOP_MAX_MS) world.violation('stopping is quick', name);
        mine.end();
      });
    },
    complaints() {
      const found = commits.complaints();
      if (scenario.window && screen.position() !== commits.lastSeq())
        found.push(`the window of ${name} has seen ${screen.position()} of ${commits.lastSeq()} events`);
      for (const { what, sinceMs } of pending.values()) {
        if (time.elapsedMs() - sinceMs > ANSWER_MAX_MS)
          found.push(`${name} never answered ${what}, asked at ${sinceMs / 1_000} s`);
      }
      return found;
    },
  };
  return till;
}

function codeOf(error: unknown): string | null {
  if (error instanceof ServiceError) return error.code;
  if (error instanceof OrderBusy || error instanceof StaleHold || error instanceof LeaseLost)
    return 'order_busy';
  if (!(error instanceof LockUnavailable)) return null;
  return error.reason === 'stopping' ? 'stopping' : 'lock_unavailable';
}

function isFullDisk(error: unknown): boolean {
  return error instanceof StorageError && error.kind === 'full';
}
