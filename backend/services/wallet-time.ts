import type { Clock } from '../../ports/clock.ts';

/** A step of the machine's clock that is no slewing: more than the coarsest measure of the time since boot. */
const STEP_MS = 2_500;
/**
 * The time since boot costs as much as ten reads of the other clocks: while these two go together it is not read,
 * but for once in a while, since a machine that slept may wake with its wall where it was.
 */
const UNMOVED_MS = 100;
const LOOK_MS = 100;
/** The till's time is corrected when it is off by more than this; a `Date` header has whole seconds only. */
const TOLERANCE_MS = 2_000;
/** An answer that took longer says too little about the time. */
const ROUND_TRIP_MAX_MS = 10_000;
/** Two measurements that agree within this mean it; one alone moves a measured time no more. */
const AGREE_MS = 3_000;

/**
 * The clock that the till goes by: the machine's, corrected by the wallets' `Date` headers as soon as one was
 * seen. Wallets refuse requests that are minutes off, and codes end by the wallets' time: going by it keeps
 * signatures and deadlines right on a machine whose clock is wrong, or is set while a code is on the screen.
 */
export interface WalletTime extends Clock {
  /**
   * Takes a wallet's `Date` header (ms since the epoch) of an answer whose request left `sentMs` and that
   * arrived `receivedMs` (monotonic). Returns true when the till's time was corrected by it.
   */
  observe(walletMs: number, sentMs: number, receivedMs: number): boolean;
  /** The machine's clock less the wallets', ms; null until measured. */
  skewMs(): number | null;
}

export function createWalletTime(clock: Clock): WalletTime {
  /** The till's time less the machine's. */
  let correctionMs = 0;
  let measured = false;
  let doubtMs: number | null = null;
  /** What the last measurement left uncorrected. */
  let restMs = 0;
  let bootAtMs = clock.nowMs() - clock.sinceBootMs();
  /** The wall less the monotonic clock, and the monotonic time, at the last look for a step. */
  let lastLook = { aheadMs: Number.NaN, atMs: 0 };

  /** A step of the machine's clock leaves the measured time where it was. */
  function correction(): number {
    const atMs = clock.monotonicMs();
    const aheadMs = clock.nowMs() - atMs;
    if (atMs - lastLook.atMs < LOOK_MS && Math.abs(aheadMs - lastLook.aheadMs) < UNMOVED_MS)
      return correctionMs;
    lastLook = { aheadMs, atMs };
    const nowBootAtMs = clock.nowMs() - clock.sinceBootMs();
    const stepMs = nowBootAtMs - bootAtMs;
    bootAtMs = nowBootAtMs;
    if (measured && Math.abs(stepMs) > STEP_MS) correctionMs -= stepMs;
    return correctionMs;
  }

  return {
    // Whole milliseconds, as every wall clock: the tables take nothing else.
    nowMs: () => Math.round(correction()) + clock.nowMs(),
    monotonicMs: () => clock.monotonicMs(),
    sinceBootMs: () => clock.sinceBootMs(),
    after: (delayMs, task) => clock.after(delayMs, task),
    observe(walletMs, sentMs, receivedMs) {
      const tripMs = receivedMs - sentMs;
      if (tripMs > ROUND_TRIP_MAX_MS) return false;
      // The header's time is cut to the second, and was written somewhere on the way.
      const shouldBeMs = walletMs + 500 + tripMs / 2 + (clock.monotonicMs() - receivedMs);
      const offMs = shouldBeMs - (correction() + clock.nowMs());
      const isOff = Math.abs(offMs) > TOLERANCE_MS + tripMs / 2;
      const wasMeasured = measured;
      measured = true;
      if (!isOff) {
        doubtMs = null;
        restMs = offMs;
        return false;
      }
      // One header may lie, by a fault on the way: a time that was measured moves by the second that agrees.
      const isConfirmed = doubtMs !== null && Math.abs(doubtMs - offMs) < AGREE_MS;
      if (wasMeasured && !isConfirmed) {
        doubtMs = offMs;
        return false;
      }
      doubtMs = null;
      restMs = 0;
      correctionMs += offMs;
      return true;
    },
    skewMs: () => (measured ? Math.round(-correction() - restMs) : null),
  };
}
