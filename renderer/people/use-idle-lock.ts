import { useEffect } from 'react';
import { useStore } from 'zustand';
import { after } from '../clock.ts';
import type { TillStore } from '../store/till-store.ts';

const MINUTE_MS = 60_000;
/** How often the backend is told that somebody is there, at the most. */
const TELL_MS = 15_000;

/**
 * Locks the screen after the idle minutes that the shop has decided, while somebody is signed in. The backend locks by
 * itself, too; so it is told that somebody is there.
 */
export function useIdleLock(till: TillStore): void {
  const minutes = useStore(till.store, ({ session }) =>
    session?.person && !session.isLocked ? session.lockAfterMinutes : 0,
  );
  useEffect(() => {
    if (minutes === 0) return;
    let stop = () => {};
    let stopQuiet = () => {};
    let isQuiet = false;
    let isOwed = false;
    const tell = () => {
      isQuiet = true;
      isOwed = false;
      void till.present();
      stopQuiet = after(TELL_MS, () => {
        isQuiet = false;
        // The last touch is told, too.
        if (isOwed) tell();
      });
    };
    const begin = () => {
      stop();
      stop = after(minutes * MINUTE_MS, () => void till.lock());
    };
    const touched = () => {
      begin();
      if (isQuiet) isOwed = true;
      else tell();
    };
    begin();
    for (const type of ['pointerdown', 'keydown']) window.addEventListener(type, touched, true);
    return () => {
      stop();
      stopQuiet();
      for (const type of ['pointerdown', 'keydown']) window.removeEventListener(type, touched, true);
    };
  }, [minutes, till]);
}
