import { isDeepStrictEqual } from 'node:util';
import { settingChanged } from '../store/events.ts';
import type { Store } from '../store/store.ts';

/** What the till was started with, by name. No secret: of those a mark by which one sees that it is another. */
export type StartSettings = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/**
 * Tells the ledger what the till was started with where that is not what it was told before: settings come from a file
 * that anybody at the machine can change. Call inside a transaction.
 */
export function tellSettings(store: Store, atMs: number, now: StartSettings): void {
  const before = store.till.settings();
  const names = Object.keys({ ...before, ...now }).filter(
    (name) => !isDeepStrictEqual(before?.[name], now[name]),
  );
  if (names.length === 0) return;
  store.till.setSettings(now);
  const only = (all: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(names.map((name) => [name, all[name] ?? null]));
  store.events.append(settingChanged('start', atMs, { before: before && only(before), now: only(now) }));
}
