import { createContext, use } from 'react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import type { OutboxEntry } from '../contract/outbox.ts';
import type { Api } from './link.ts';
import type { ManagerPage } from './manager/page-names.ts';
import type { Command } from './store/commands.ts';
import type { TillState } from './store/state.ts';
import type { TillStore } from './store/till-store.ts';

const LISTS = ['orders', 'history', 'refund', 'attention', 'manager', 'account'] as const;

/** A list over the stage, or the manager's area, and what of it stands open at once. */
export interface List {
  name: (typeof LISTS)[number];
  page?: ManagerPage;
  tradeNo?: string;
  /** What was scanned to find it. */
  text?: string;
  entry?: OutboxEntry;
}

export interface TillContext {
  till: TillStore;
  api: Api;
  /** Does what a key or button asks for, the lists included. */
  run(command: Command): void;
  open(list: List): void;
}

export function isList(word: string): word is List['name'] {
  return (LISTS as readonly string[]).includes(word);
}

export const TillContext = createContext<TillContext | null>(null);

export function useTillContext(): TillContext {
  const context = use(TillContext);
  if (context === null) throw new Error('Rendered outside the till.');
  return context;
}

export function useTill<T>(select: (state: TillState) => T): T {
  return useStore(useTillContext().till.store, useShallow(select));
}
