import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { SECOND } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { LockUnavailable } from './order-mutex.ts';

const COMMAND_MS = 1.5 * SECOND;
const CONNECT_MS = 2 * SECOND;
const RECONNECT_MAX_MS = 2 * SECOND;

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
 * kept to be sent later: a lock or a claim that arrives after its caller gave up would be nobody's.
 */
export function connectRedis(at: { url: string; keyPrefix: string }, log: Log): RedisConnection {
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
  client.on('error', (err) => {
    if (!isAway) log.warn({ err }, 'redis is away');
    isAway = true;
  });
  client.on('ready', () => {
    if (isAway) log.info({}, 'redis is back');
    isAway = false;
  });
  // Commands wait for the first attempt; the attempts after it are the client's own.
  const firstAttempt = client.connect().catch(() => {
    // `error` has told of it.
  });

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
