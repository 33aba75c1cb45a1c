import type { Clock } from './clock.ts';

interface Timer {
  at: number;
  order: number;
  task: () => void;
}

/**
 * A clock that moves only when told to. Timers fire in order of time, then of registration.
 * The wall may be made to jump without touching the timers, as a real one does.
 */
export class SimClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  #order = 0;
  #timers: Timer[] = [];

  constructor(startMs: number) {
    this.#wallMs = startMs;
  }

  /** Whole milliseconds, as machines tell it. */
  nowMs(): number {
    return Math.floor(this.#wallMs);
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  sinceBootMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, task: () => void): () => void {
    const timer: Timer = { at: this.#monotonicMs + Math.max(0, delayMs), order: this.#order++, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** The wall clock jumps by `deltaMs`; timers keep their distance. */
  jumpWall(deltaMs: number): void {
    this.#wallMs += deltaMs;
  }

  /** Lets `deltaMs` pass, firing due timers and letting promises settle after each. */
  async advance(deltaMs: number): Promise<void> {
    const until = this.#monotonicMs + deltaMs;
    for (;;) {
      await settlePromises();
      const next = this.#timers
        .filter((timer) => timer.at <= until)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#pass(next.at - this.#monotonicMs);
      next.task();
    }
    this.#pass(until - this.#monotonicMs);
    await settlePromises();
  }

  #pass(deltaMs: number): void {
    this.#monotonicMs += deltaMs;
    this.#wallMs += deltaMs;
  }
}

/** Gives pending promise chains, and I/O that has already arrived, a turn. */
export async function settlePromises(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}
