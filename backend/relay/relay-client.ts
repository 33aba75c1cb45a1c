import { generateKeyPairSync } from 'node:crypto';
import type { EnrolInput, Push, PushReason, RelayStatus, RelayTest } from '../../contract/relay.ts';
import type { Clock } from '../../ports/clock.ts';
import type { HttpClient } from '../../ports/http.ts';
import type { Log } from '../../ports/log.ts';
import type { Random } from '../../ports/random.ts';
import type { OpenSocket } from '../../ports/socket.ts';
import { enrolRequest } from '../../wire/relay.ts';
import type { By } from '../domain/actor.ts';
import { storeInstant } from '../domain/store-time.ts';
import type { Channel } from '../domain/trade.ts';
import { ServiceError } from '../services/errors.ts';
import { settingChanged } from '../store/events.ts';
import type { Enrolment } from '../store/relay.ts';
import type { Store } from '../store/store.ts';
import { type Connection, type ConnectionState, createConnection } from './connection.ts';
import { enrolAt, notifyAddress, relayAddress } from './enrol.ts';
import type { Intake } from './intake.ts';
import { publicKeyOf, type RelayKeys } from './keys.ts';
import { createMilestone } from './milestone.ts';
import { createTestThrough } from './test-through.ts';

/** What the relay's client needs of the world. */
export interface RelayPorts {
  /** The address in the settings; undefined where they name none. */
  url: string | undefined;
  openSocket: OpenSocket;
  http: HttpClient;
  keys: RelayKeys;
}

/**
 * The till's side of the relay: enrolled once, then connected from start to stop. Without it, and while it is
 * away, payments are seen by asking.
 */
export type RelayClient = ReturnType<typeof createRelayClient>;

export function createRelayClient(
  ports: RelayPorts,
  deps: {
    clock: Clock;
    random: Random;
    log: Log;
    store: Store;
    tillId: string;
    isLive: boolean;
    intake: Intake;
    /** Whether the disk takes what is delivered. */
    canKeep(): boolean;
    /** What `push` says is another. */
    changed(): void;
  },
) {
  const { clock, random, log, store, intake } = deps;
  const stopping = new AbortController();
  const http: HttpClient = {
    send: (request) => ports.http.send(request, { signal: stopping.signal }),
    close: () => ports.http.close(),
  };
  const test = createTestThrough({ clock, random, http });
  let enrolment = usable(store.relay.get());
  let connection: Connection | null = null;
  let milestone: ReturnType<typeof createMilestone> | null = null;
  /** Since when there is no connection to speak of. */
  let idle: { sinceMs: number; reason: PushReason } = {
    sinceMs: clock.nowMs(),
    reason: ports.url === undefined ? 'not_configured' : 'not_enrolled',
  };
  let enrolling: Promise<unknown> = Promise.resolve();
  let isRunning = false;

  /** Where the settings name another relay, the till is not enrolled there. */
  function usable(kept: Enrolment | null): Enrolment | null {
    return kept !== null && (ports.url === undefined || sameAddress(ports.url, kept.url)) ? kept : null;
  }

  function connect(): void {
    if (!enrolment || !isRunning) return;
    const key = ports.keys.read(enrolment.publicKey);
    if (!key) {
      idle = { sinceMs: clock.nowMs(), reason: 'key_missing' };
      log.warn({ relay: enrolment.url, till: enrolment.till }, 'the key for the relay is not here');
      return;
    }
    const { publicKey } = enrolment;
    milestone = createMilestone(clock, (position) =>
      store.transact(() => store.relay.reached(publicKey, position)),
    );
    connection = createConnection({
      clock,
      random,
      log,
      openSocket: ports.openSocket,
      enrolment,
      key,
      take: (delivery) => intake.take(delivery, test.arrived),
      reached: milestone.reached,
      canKeep: deps.canKeep,
      changed: deps.changed,
    });
    connection.start();
  }

  function disconnect(): void {
    connection?.stop();
    milestone?.stop();
    connection = null;
    milestone = null;
  }

  function push(): Push {
    const state = connection?.state();
    if (!state) return { ok: false, since: storeInstant(idle.sinceMs), reason: idle.reason };
    return {
      ok: state.kind === 'connected',
      since: storeInstant(state.sinceMs),
      reason: state.kind === 'connected' ? null : REASONS[state.reason],
    };
  }

  function status(): RelayStatus {
    return {
      push: push(),
      url: enrolment?.url ?? ports.url ?? null,
      till: enrolment?.till ?? deps.tillId,
      enrolledAt: enrolment ? storeInstant(enrolment.enrolledAtMs) : null,
      notifyUrl: enrolment?.notifyUrl ?? null,
      lastDeliveryAt: intake.lastMs() === null ? null : storeInstant(intake.lastMs() ?? 0),
      rejected: intake.rejected(),
    };
  }

  async function enrolNow(input: EnrolInput, by: By): Promise<RelayStatus> {
    const url = input.url ?? ports.url;
    if (url === undefined) throw new ServiceError('relay_url_missing');
    // The settings would win at the next start.
    if (ports.url !== undefined && !sameAddress(url, ports.url)) throw new ServiceError('relay_url_fixed');
    const address = relayAddress(url);
    const keys = generateKeyPairSync('ed25519');
    const till = input.till ?? deps.tillId;
    const request = enrolRequest({ till, code: input.code }, keys);
    const prepared = ports.keys.prepare(keys.privateKey);
    try {
      const enrolled = await enrolAt(address, request, { http, isLive: deps.isLive });
      disconnect();
      prepared.keep();
      const { relay, pushUrl, notifyUrl } = enrolled;
      const publicKey = publicKeyOf(keys.privateKey);
      const row = { url, till, relay, pushUrl, notifyUrl, publicKey, enrolledAtMs: clock.nowMs() };
      store.transact(
        () => {
          const change = { before: placeOf(store.relay.get()), now: placeOf(row) };
          store.relay.enrol(row);
          store.events.append(settingChanged('relay', row.enrolledAtMs, change));
        },
        { by: { ...by, reason: input.reason ?? null } },
      );
      enrolment = { ...row, after: null };
      log.info({ relay: url, till }, 'enrolled');
    } finally {
      prepared.discard();
      if (!connection) connect();
      deps.changed();
    }
    return status();
  }

  return {
    push,
    status,
    /** One at a time. Throws `ServiceError`, or `StorageError`; an earlier enrolment is then as it was. */
    enrol(input: EnrolInput, by: By): Promise<RelayStatus> {
      const done = enrolling.then(() => enrolNow(input, by));
      enrolling = done.catch(() => {});
      return done;
    },
    /** Throws `ServiceError` `relay_not_enrolled`. */
    async test(): Promise<RelayTest> {
      if (!enrolment) throw new ServiceError('relay_not_enrolled');
      if (connection?.state().kind !== 'connected')
        return { ok: false, failedHop: 'connection', httpStatus: null, tookMs: null };
      return await test.send(notifyAddress(enrolment.notifyUrl, 'test'));
    },
    /** What the wallet of a new trade is told; null without a relay. */
    notifyUrl: (channel: Channel) => (enrolment ? notifyAddress(enrolment.notifyUrl, channel) : null),
    start(): void {
      isRunning = true;
      connect();
    },
    async stop(): Promise<void> {
      isRunning = false;
      stopping.abort();
      disconnect();
      await Promise.all([enrolling, intake.stop()]);
      await http.close();
    },
  };
}

const REASONS: Record<Exclude<ConnectionState, { kind: 'connected' }>['reason'], PushReason> = {
  away: 'away',
  refused: 'refused',
  revoked: 'revoked',
  taken_over: 'taken_over',
  wrong_relay: 'wrong_relay',
  not_kept: 'storage',
};

/** Where the till is enrolled, as the ledger keeps it. */
function placeOf(enrolment: Omit<Enrolment, 'after'> | null): object | null {
  return enrolment && { url: enrolment.url, till: enrolment.till, publicKey: enrolment.publicKey };
}

function sameAddress(a: string, b: string): boolean {
  return new URL(a).href.replace(/\/+$/, '') === new URL(b).href.replace(/\/+$/, '');
}
