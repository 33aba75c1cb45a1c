import { type Clock, HOUR } from '../../ports/clock.ts';

interface Timer {
  atMs: number;
  order: number;
  task: (() => void) | null;
}

/** Timers fired before the event loop gets its own turn. */
const BATCH = 32;

/**
 * The simulated world's one time line. Between any two timers every pending promise is settled: everything
 * in the world is promises on this thread, and Node runs them all between two immediates.
 */
export class WorldTime {
  readonly #startMs: number;
  readonly #onError: (error: unknown) => void;
  #elapsedMs = 0;
  #order = 0;
  readonly #heap: Timer[] = [];
  /** Timers fired so far. */
  fired = 0;

  constructor(startMs: number, onError: (error: unknown) => void) {
    this.#startMs = startMs;
    this.#onError = onError;
  }

  /** The true time, whole ms since the epoch, as machines tell it. */
  nowMs(): number {
    return this.#startMs + Math.floor(this.#elapsedMs);
  }

  elapsedMs(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, task: () => void): () => void {
    const timer: Timer = { atMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#order++, task };
    this.#push(timer);
    return () => {
      timer.task = null;
    };
  }

  /** A machine's clock: the wall is off by `offsetMs()`, waiting is not. */
  clock(offsetMs: () => number = () => 0): Clock {
    return {
      nowMs: () => this.nowMs() + offsetMs(),
      monotonicMs: () => this.#elapsedMs,
      // Machines were switched on an hour before the world begins.
      sinceBootMs: () => this.#elapsedMs + HOUR,
      after: (delayMs, task) => this.after(delayMs, task),
    };
  }

  /** Lets time pass until `isDone` or for `forMs`, whichever is first. */
  pass(forMs: number, isDone: () => boolean = () => false): Promise<void> {
    const untilMs = this.#elapsedMs + forMs;
    return new Promise((resolve) => {
      let ended = false;
      let left = 0;
      const turn = () => {
        if (ended) return;
        if (isDone()) ended = true;
        else if (!this.#fireNext(untilMs)) {
          this.#elapsedMs = untilMs;
          ended = true;
        }
        if (ended) resolve();
        else if (--left === 0) begin();
      };
      const begin = () => {
        left = BATCH;
        for (let n = 0; n < BATCH; n++) setImmediate(turn);
      };
      begin();
    });
  }

  #fireNext(untilMs: number): boolean {
    for (;;) {
      const next = this.#heap[0];
      if (!next || next.atMs > untilMs) return false;
      this.#pop();
      const { task } = next;
      if (!task) continue;
      this.#elapsedMs = next.atMs;
      this.fired += 1;
      try {
        task();
      } catch (error) {
        this.#onError(error);
      }
      return true;
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (!above || isBefore(above, timer)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const a = heap[left];
      if (!a) break;
      const b = heap[left + 1];
      const [child, index] = b && isBefore(b, a) ? [b, left + 1] : [a, left];
      if (isBefore(last, child)) break;
      heap[at] = child;
      at = index;
    }
    heap[at] = last;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
