import { useSyncExternalStore } from 'react';
import { every, nowMs } from './clock.ts';
import type { Words } from './i18n/index.ts';

/** Whole seconds that every component on the screen shares. */
let second = Math.floor(nowMs() / 1_000);

function onSecond(callback: () => void): () => void {
  return every(250, () => {
    const next = Math.floor(nowMs() / 1_000);
    if (next === second) return;
    second = next;
    callback();
  });
}

/** The backend's time, milliseconds; the component renders anew each second. */
export function useNow(clockOffsetMs: number): number {
  useSyncExternalStore(subscribe, () => second);
  return nowMs() + clockOffsetMs;
}

const listeners = new Set<() => void>();
let stop: (() => void) | null = null;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  stop ??= onSecond(() => {
    for (const each of listeners) each();
  });
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    stop?.();
    stop = null;
  };
}

/** `3 s`, `4 min`, `2 h`; never less than one second. */
export function age(t: Words, ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1_000));
  if (seconds < 90) return t('age.seconds', { count: seconds });
  const minutes = Math.round(seconds / 60);
  return minutes < 90
    ? t('age.minutes', { count: minutes })
    : t('age.hours', { count: Math.round(minutes / 60) });
}

/** A length in two units, `9 min 58 s`: for what must be exact enough to set right by hand. */
export function duration(t: Words, ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return t('age.seconds', { count: seconds });
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? t('duration.minutes', { minutes, seconds: seconds % 60 })
    : t('duration.hours', { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

/** Time left as `1:52`. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

const DAY_MS = 86_400_000;

/** Until the till has said where its store stands. */
let storeZone = 'Asia/Shanghai';

/** From now on times are shown as the clock in the store has them. */
export function showStoreTimes(timeZone: string): void {
  storeZone = timeZone;
}

/** The store's wall clock, `14:34:10`; without seconds where they do not matter. */
export function clockTime(at: string, precision: 'minutes' | 'seconds' = 'seconds'): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: storeZone,
    hour: '2-digit',
    minute: '2-digit',
    ...(precision === 'seconds' ? { second: '2-digit' } : {}),
  }).format(new Date(at));
}

/** Today's day in the store, `2026-11-21`. */
export function storeDay(): string {
  return dayAndTime(new Date(nowMs()).toISOString()).slice(0, 10);
}

/** The instant at which the store's clock shows `2026-11-21T14:30`, ms since the epoch; of two the earlier one. */
export function instantAt(shown: string): number {
  const wanted = Date.parse(`${shown}Z`);
  const offset = (ms: number) => {
    const at = dayAndTime(new Date(ms).toISOString()).replace(' ', 'T');
    return Date.parse(`${at}Z`) - Math.floor(ms / 1_000) * 1_000;
  };
  // The clock may have been changed between the guess and the answer.
  const first = wanted - offset(wanted - DAY_MS);
  const second = wanted - offset(wanted + DAY_MS);
  const fits = (ms: number) => ms + offset(ms) === wanted;
  return [first, second].sort((a, b) => a - b).find(fits) ?? Math.max(first, second);
}

/** `2026-11-21 14:34:10` in the store's zone. */
export function dayAndTime(at: string): string {
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: storeZone }).format(new Date(at));
  return `${day} ${clockTime(at)}`;
}
