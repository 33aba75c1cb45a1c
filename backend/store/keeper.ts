import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { KeeperAnswer, KeeperTask } from './keeper-worker.ts';

/** The slow work on the database file, done beside the till. Each rejects with SQLite's code on the error. */
export interface Keeper {
  /** Moves the write-ahead log into the database. */
  checkpoint(): Promise<void>;
  /** Reads a copy through and makes it one whole file; `SQLITE_CORRUPT` when it is not sound. */
  check(path: string): Promise<void>;
  /** Reads the till's own database through; `SQLITE_CORRUPT` when it is not sound. */
  look(): Promise<void>;
  close(): Promise<void>;
}

/** Bundled, the worker lies beside the bundle under its own name. */
const WORKER = `./keeper-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`;

export function startKeeper(databasePath: string): Keeper {
  const worker = new Worker(new URL(WORKER, import.meta.url), { workerData: databasePath });
  const waiting = new Map<number, { resolve(): void; reject(error: Error): void }>();
  let lastId = 0;
  let ended: Error | null = null;
  worker.unref();
  // Node ends the whole process when a thread is terminated while it loads a native module.
  const loaded = Promise.race([once(worker, 'message'), once(worker, 'exit')]).catch(() => {});
  worker.on('message', ({ id, fault }: KeeperAnswer) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) worker.unref();
    if (fault) asked?.reject(Object.assign(new Error(fault.message), { code: fault.code }));
    else asked?.resolve();
  });
  const end = (error: Error) => {
    ended ??= error;
    for (const asked of waiting.values()) asked.reject(ended);
    waiting.clear();
  };
  worker.on('error', end);
  worker.on('exit', () => end(new Error('The keeper has ended.')));

  function ask(task: { do: 'checkpoint' | 'look' } | { do: 'check'; path: string }): Promise<void> {
    if (ended) return Promise.reject(ended);
    lastId += 1;
    const id = lastId;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage({ id, ...task } satisfies KeeperTask);
    });
  }

  return {
    checkpoint: () => ask({ do: 'checkpoint' }),
    look: () => ask({ do: 'look' }),
    check: (path) => ask({ do: 'check', path }),
    async close() {
      worker.ref();
      await loaded;
      await worker.terminate();
    },
  };
}
