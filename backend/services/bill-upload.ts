import { type Clock, MINUTE } from '../../ports/clock.ts';
import { RunStopped } from './bill-run.ts';

/** Without a further piece for so long, a file's upload is given up. */
const PATIENCE_MS = 2 * MINUTE;

/**
 * A file on its way in, piece by piece. A piece is taken when the reader has asked for it, so that no more than
 * one is in memory; a piece that was taken already is not taken twice.
 */
export class BillUpload {
  readonly #clock: Clock;
  #position = 0;
  #offered: { bytes: Uint8Array; taken: () => void } | null = null;
  #isEnded = false;
  #failure: Error | null = null;
  #wake = () => {};
  #cancelPatience = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#waitForPiece();
  }

  /** Bytes that have come. */
  get position(): number {
    return this.#position;
  }

  /** Resolves once the reader has the piece; false: it does not follow the last one. */
  async offer(position: number, bytes: Uint8Array, isLast: boolean): Promise<boolean> {
    if (this.#failure) throw this.#failure;
    if (position + bytes.length <= this.#position && bytes.length > 0) return true;
    if (position !== this.#position || this.#offered || this.#isEnded) return false;
    this.#position += bytes.length;
    this.#isEnded = isLast;
    this.#cancelPatience();
    const taken = new Promise<void>((resolve) => {
      this.#offered = { bytes, taken: resolve };
    });
    this.#wake();
    await taken;
    if (this.#failure) throw this.#failure;
    return true;
  }

  /** Ends the reading with an error, and whoever waits. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#cancelPatience();
    this.#offered?.taken();
    this.#wake();
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    for (;;) {
      while (!this.#offered && !this.#failure) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      if (this.#failure) throw this.#failure;
      const piece = this.#offered;
      this.#offered = null;
      if (!piece) continue;
      try {
        if (piece.bytes.length > 0) yield piece.bytes;
      } finally {
        // Also when the reader gave the file up over this piece.
        piece.taken();
      }
      if (this.#isEnded) return;
      this.#waitForPiece();
    }
  }

  #waitForPiece(): void {
    this.#cancelPatience = this.#clock.after(PATIENCE_MS, () =>
      this.fail(new RunStopped('No further piece came.')),
    );
  }
}
