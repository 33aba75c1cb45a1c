import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { type Clock, SECOND } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { LockUnavailable } from './order-mutex.ts';

const COMMAND_MS = 1.5 * SECOND;
const CONNECT_MS = 2 * SECOND;
const RECONNECT_MAX_MS = 2 * SECOND;
/** It is asked this often whether it is there: a cable that was pulled says nothing by itself. */
const PING_MS = 3 * SECOND;

/** One connection to the Redis that tills share. */
export interface RedisConnection {
  client: Redis;
  /** Runs a script; by its digest once Redis knows it. Throws {@link LockUnavailable}. */
  script(lua: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Runs commands, with every failure as {@link LockUnavailable}. */
  reach<T>(work: () => Promise<T>): Promise<T>;
  close(): void;
}

export interface Script {
  lua: string;
  sha1: string;
}

export function script(lua: string): Script {
  return { lua, sha1: createHash('sha1').update(lua).digest('hex') };
}

/**
 * Opens a connection that reconnects by itself. A command that cannot be sent now fails now, and is never
 * kept to be sent later: a lock or a claim that arrives after its caller gave up would be nobody's. `onAway`
 * hears when it cannot be reached, and when it can again.
 */
export function connectRedis(
  at: { url: string; keyPrefix: string },
  deps: { clock: Clock; log: Log; onAway?(isAway: boolean): void },
): RedisConnection {
  const { clock, log } = deps;
  const client = new Redis(at.url, {
    keyPrefix: at.keyPrefix,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_MS,
    connectTimeout: CONNECT_MS,
    retryStrategy: (times) => Math.min(RECONNECT_MAX_MS, 50 * 2 ** Math.min(times, 10)),
  });
  let isAway = false;
  let isClosed = false;
  let cancelPing = () => {};

  function away(err?: unknown): void {
    if (isAway || isClosed) return;
    isAway = true;
    log.warn({ err }, 'redis is away');
    deps.onAway?.(true);
  }

  function back(): void {
    if (!isAway || isClosed) return;
    isAway = false;
    log.info({}, 'redis is back');
    deps.onAway?.(false);
  }

  client.on('error', away);
  client.on('close', () => away());
  client.on('ready', back);

  function pingLater(): void {
    cancelPing = clock.after(PING_MS, async () => {
      if (client.status === 'ready') {
        await client.ping().then(back, (err) => {
          away(err);
          // Whatever answers is found on a new connection.
          if (!isClosed && client.status === 'ready') client.disconnect(true);
        });
      }
      if (!isClosed) pingLater();
    });
  }

  // Commands wait for the first attempt; the attempts after it are the client's own.
  const firstAttempt = client.connect().catch(() => {
    // `error` has told of it.
  });
  pingLater();

  async function reach<T>(work: () => Promise<T>): Promise<T> {
    try {
      await firstAttempt;
      return await work();
    } catch (error) {
      throw error instanceof LockUnavailable ? error : new LockUnavailable('unreachable', { cause: error });
    }
  }

  return {
    client,
    reach,
    script(asked, keys, args) {
      return reach(async () => {
        try {
          return await client.evalsha(asked.sha1, keys.length, ...keys, ...args);
        } catch (error) {
          if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
          return await client.eval(asked.lua, keys.length, ...keys, ...args);
        }
      });
    },
    close() {
      isClosed = true;
      cancelPing();
      client.disconnect();
    },
  };
}

/** Keys of one order, after the connection's prefix. The braces keep them on one node of a cluster. */
export function orderKeys(orderNo: string) {
  const order = `{${orderNo}}`;
  return {
    /** What the library is given; it puts `mutex:` before it. */
    lockName: `${order}:lock`,
    lock: `mutex:${order}:lock`,
    queue: `${order}:queue`,
    alive: `${order}:alive`,
    token: `${order}:token`,
    claim: `${order}:claim`,
  };
}
