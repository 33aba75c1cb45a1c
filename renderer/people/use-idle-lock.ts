import { useEffect } from 'react';
import { useStore } from 'zustand';
import { after } from '../clock.ts';
import type { TillStore } from '../store/till-store.ts';

const MINUTE_MS = 60_000;

/** Locks the screen after the idle minutes that the shop has decided, while somebody is signed in. */
export function useIdleLock(till: TillStore): void {
  const minutes = useStore(till.store, ({ session }) =>
    session?.person && !session.isLocked ? session.lockAfterMinutes : 0,
  );
  useEffect(() => {
    if (minutes === 0) return;
    let stop = () => {};
    const begin = () => {
      stop();
      stop = after(minutes * MINUTE_MS, () => void till.lock());
    };
    begin();
    for (const type of ['pointerdown', 'keydown']) window.addEventListener(type, begin, true);
    return () => {
      stop();
      for (const type of ['pointerdown', 'keydown']) window.removeEventListener(type, begin, true);
    };
  }, [minutes, till]);
}
