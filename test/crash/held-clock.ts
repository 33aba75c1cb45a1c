import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { type Clock, HOUR } from '../../ports/clock.ts';

/** How soon a process sees that the time was moved, real milliseconds. */
const LOOK_MS = 5;

/**
 * The time of a world whose parts are processes: it stands still in a file until the test moves it, and then
 * all of them see the new time at once. What takes long on a slow machine takes no time in the world.
 */
export function heldClock(path: string): Clock {
  const file = openSync(path, 'r');
  const bytes = Buffer.alloc(8);
  let isFresh = false;
  // Within one task of the process it does not move: a delay is counted from the time that it was reckoned at.
  const nowMs = () => {
    if (!isFresh) {
      readSync(file, bytes, 0, 8, 0);
      isFresh = true;
      setImmediate(() => {
        isFresh = false;
      });
    }
    return bytes.readDoubleLE(0);
  };
  const startedMs = nowMs();
  const timers = new Set<{ atMs: number; task: () => void }>();
  setInterval(() => {
    if (timers.size === 0) return;
    const atMs = nowMs();
    for (const timer of [...timers]) {
      if (timer.atMs <= atMs && timers.delete(timer)) timer.task();
    }
  }, LOOK_MS);
  return {
    nowMs,
    monotonicMs: nowMs,
    sinceBootMs: () => HOUR + nowMs() - startedMs,
    after(delayMs, task) {
      const timer = { atMs: nowMs() + Math.max(0, delayMs), task };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
  };
}

/** The hand that moves it. */
export interface ClockHand {
  nowMs(): number;
  moveTo(atMs: number): void;
  close(): void;
}

/** Makes the file at `path`, beginning at `startMs`. Time never goes back. */
export function clockHand(path: string, startMs: number): ClockHand {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(startMs);
  writeFileSync(path, bytes);
  const file = openSync(path, 'r+');
  let atMs = startMs;
  return {
    nowMs: () => atMs,
    moveTo(nextMs) {
      if (nextMs <= atMs) return;
      atMs = nextMs;
      bytes.writeDoubleLE(atMs);
      writeSync(file, bytes, 0, 8, 0);
    },
    close: () => closeSync(file),
  };
}
