import type { Clock } from '../../ports/clock.ts';

/** The clock of one machine among others: its own wall, the same passing of time. */
export class MachineClock implements Clock {
  readonly #true: Clock;
  #skewMs: number;

  constructor(true_: Clock, skewMs: number) {
    this.#true = true_;
    this.#skewMs = skewMs;
  }

  nowMs(): number {
    return this.#true.nowMs() + this.#skewMs;
  }

  monotonicMs(): number {
    return this.#true.monotonicMs();
  }

  sinceBootMs(): number {
    return this.#true.sinceBootMs();
  }

  after(delayMs: number, task: () => void): () => void {
    return this.#true.after(delayMs, task);
  }

  /** Somebody sets the machine's clock. */
  jump(deltaMs: number): void {
    this.#skewMs += deltaMs;
  }
}
