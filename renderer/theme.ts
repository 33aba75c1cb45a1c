import { createTheme } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { remember, remembered } from './memory.ts';

/** The library wears our tokens; see tokens.css. */
export const mantineTheme = createTheme({
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 0,
  cursorType: 'pointer',
  respectReducedMotion: true,
});

export type Scheme = 'light' | 'dark';

const system = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();
let chosen = remembered('theme');

function scheme(): Scheme {
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return system.matches ? 'dark' : 'light';
}

export function useScheme(): Scheme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    system.addEventListener('change', listener);
    return () => {
      listeners.delete(listener);
      system.removeEventListener('change', listener);
    };
  }, scheme);
}

export function toggleScheme(): void {
  chosen = scheme() === 'dark' ? 'light' : 'dark';
  remember('theme', chosen);
  for (const listener of listeners) listener();
}
