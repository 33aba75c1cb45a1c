import { setTimeout as sleep } from 'node:timers/promises';
import { API_KEY, type BackendProcess, startBackend } from './backend-process.ts';
import type { FaultPoint } from './fault-points.ts';
import type { Plot } from './ground.ts';

/** Longer than any answer takes on a busy machine, real milliseconds. */
const PATIENCE_MS = 30_000;

/** A till that is started again whenever it has died, on the data that it left. */
export type MortalTill = ReturnType<typeof createMortalTill>;

export function createMortalTill(
  plot: Plot,
  options: {
    dataDir(): string;
    /** Options of the backend besides those of every till here. */
    args?: readonly string[];
    /** It is dead, and not yet started again. */
    onDeath(): void;
    /** Somebody waits for its answer. */
    onAsked?(answer: Promise<unknown>): void;
  },
) {
  const { clock } = plot;
  let backend: BackendProcess | null = null;
  let origin = '';
  let starting: Promise<void> | null = null;
  let armed: FaultPoint | null = null;
  let deaths = 0;
  let awayMs = 0;
  let passed: FaultPoint[] = [];
  let isCounting = false;
  const onPass = (point: FaultPoint) => {
    if (isCounting) passed.push(point);
  };

  async function start(): Promise<void> {
    for (;;) {
      const made = startBackend(plot, options.dataDir(), { at: armed, onPass, args: options.args ?? [] });
      backend = made;
      armed = null;
      void made.ended.then(() => {
        deaths += 1;
        options.onDeath();
      });
      const at = await made.origin;
      if (at !== null) {
        origin = at;
        return;
      }
      await made.ended;
      clock.moveTo(clock.nowMs() + awayMs);
    }
  }

  function count(away: number): void {
    deaths = 0;
    passed = [];
    isCounting = true;
    awayMs = away;
  }

  const till = {
    isRunning: () => backend?.isRunning() === true,
    deaths: () => deaths,
    passed: () => passed,
    /** A till that runs: started again if it has died. */
    async alive(): Promise<void> {
      if (starting === null && backend?.isRunning()) return;
      starting ??= (async () => {
        await backend?.ended;
        if (backend) clock.moveTo(clock.nowMs() + awayMs);
        await start();
      })().finally(() => {
        starting = null;
      });
      await starting;
    },
    /** Asks it until it answers. */
    async ask<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<{ status: number; json: T }> {
      for (;;) {
        await till.alive();
        const asked = backend;
        const answer = fetch(`${origin}/api/v1${path}`, {
          method,
          headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
          ...(body ? { body: JSON.stringify(body) } : {}),
        }).then(async (got) => ({ status: got.status, json: (await got.json()) as T }));
        options.onAsked?.(answer);
        try {
          return await answer;
        } catch (error) {
          // Nothing but its death may keep it from answering.
          await Promise.race([asked?.ended, sleep(PATIENCE_MS, undefined, { ref: false })]);
          if (asked?.isRunning()) throw error;
        }
      }
    },
    /** From here on the points count, and `point` is its end; `away`: how long it stays dead. */
    async begin(point: FaultPoint | null, away = 0): Promise<void> {
      if (!(await backend?.begin(point))) throw new Error('The till died before the points counted.');
      count(away);
    },
    /** As `begin`, with the next start. */
    beginAtStart(point: FaultPoint | null, away = 0): void {
      armed = point;
      count(away);
    },
    /** No point is the end any more. */
    async end(): Promise<void> {
      await backend?.begin(null);
      isCounting = false;
    },
    async kill(): Promise<void> {
      await backend?.kill();
    },
  };
  return till;
}
