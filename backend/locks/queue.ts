import { type Clock, sleep } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import { OrderBusy } from './order-mutex.ts';

/** What a look at the queue brought: the turn, or who is before us. */
export type Look<T> = { turn: T } | { before: number; holder: string | null; untilMs: number | null };

/** Pauses between two looks: short for the next in line, longer for who has many before him. */
const PAUSE_FIRST_MS = 4;
const PAUSE_PER_PLACE_MS = 6;
const PAUSE_MAX_MS = 150;

/**
 * Looks until it is our turn or `waitMs` is over. `leave` gives the place in the queue back and is called
 * however the waiting ends without a turn. Throws {@link OrderBusy}, `stopped`'s reason, or what `look` throws.
 */
export async function standInLine<T>(
  ports: { clock: Clock; random: Random },
  line: {
    orderNo: string;
    waitMs: number;
    stopped: AbortSignal;
    look(): Promise<Look<T>>;
    leave(): Promise<void>;
  },
): Promise<T> {
  const { clock } = ports;
  const untilMs = clock.monotonicMs() + line.waitMs;
  try {
    for (;;) {
      line.stopped.throwIfAborted();
      const seen = await line.look();
      if ('turn' in seen) return seen.turn;
      const leftMs = untilMs - clock.monotonicMs();
      if (leftMs <= 0) throw new OrderBusy(line.orderNo, seen.holder, seen.untilMs);
      const [jitter = 0] = ports.random.bytes(1);
      const pauseMs = Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS + seen.before * PAUSE_PER_PLACE_MS);
      await sleep(clock, Math.min(leftMs, pauseMs * (0.75 + jitter / 512)), line.stopped);
    }
  } catch (error) {
    await line.leave();
    throw error;
  }
}
