/** Where a notification was when, written by the threads that it passes: ms of {@link monotonicMs}. */
export type Stamps = Float64Array<SharedArrayBuffer>;

/** Places in {@link Stamps}: it had come to the till's socket; the till's commit had ended; the relay's had. */
export const ARRIVED = 0;
export const COMMITTED = 1;
export const DURABLE = 2;

export function newStamps(): Stamps {
  return new Float64Array(new SharedArrayBuffer(3 * Float64Array.BYTES_PER_ELEMENT));
}

/** A clock that all threads of the process share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
