import type { Screen } from './screen.ts';

/** What a key or a button asks for. */
export type Command =
  | { do: 'type'; key: string }
  | { do: 'next'; key: string }
  | { do: 'focus'; nth: number }
  | {
      do:
        | 'erase'
        | 'clear'
        | 'charge'
        | 'retry'
        | 'cancel'
        | 'check'
        | 'park'
        | 'leave'
        | 'turn_focus'
        | 'orders'
        | 'history'
        | 'refund'
        | 'attention'
        | 'manager'
        | 'lock';
    };

const EVERYWHERE: Record<string, Command> = {
  F2: { do: 'orders' },
  F3: { do: 'history' },
  F4: { do: 'refund' },
  F6: { do: 'manager' },
  F8: { do: 'attention' },
};

const BY_SCREEN: Record<Screen, Record<string, Command>> = {
  idle: { Enter: { do: 'charge' }, Escape: { do: 'clear' } },
  entering: {
    Enter: { do: 'charge' },
    Escape: { do: 'clear' },
    Delete: { do: 'clear' },
    Backspace: { do: 'erase' },
  },
  creating: { Escape: { do: 'cancel' }, p: { do: 'park' } },
  waiting: {
    Escape: { do: 'cancel' },
    r: { do: 'check' },
    p: { do: 'park' },
    Tab: { do: 'turn_focus' },
    1: { do: 'focus', nth: 0 },
    2: { do: 'focus', nth: 1 },
  },
  // Nothing here can charge a second time.
  checking: { Escape: { do: 'cancel' }, r: { do: 'check' }, p: { do: 'park' } },
  closing: { Escape: { do: 'leave' }, Enter: { do: 'leave' }, r: { do: 'check' } },
  not_paid: { Escape: { do: 'leave' }, Enter: { do: 'retry' } },
  refused: { Escape: { do: 'leave' }, Enter: { do: 'retry' } },
  paid: { Escape: { do: 'leave' }, Enter: { do: 'leave' } },
  set_aside: { Escape: { do: 'leave' }, Enter: { do: 'leave' } },
};

/** Screens on which a digit begins the next sale. */
const ENDED: readonly Screen[] = ['closing', 'not_paid', 'refused', 'paid', 'set_aside'];

/** What a key means on a screen; null where it means nothing. */
export function commandFor(screen: Screen, key: string): Command | null {
  const name = key.length === 1 ? plainKey(key) : key;
  if (/^[0-9.]$/.test(name)) {
    if (screen === 'idle' || screen === 'entering') return { do: 'type', key: name };
    if (ENDED.includes(screen)) return { do: 'next', key: name };
  }
  return EVERYWHERE[name] ?? BY_SCREEN[screen][name] ?? null;
}

/** An input method may send full-width digits and the ideographic full stop. */
function plainKey(key: string): string {
  const plain = key.normalize('NFKC').toLowerCase();
  return plain === '。' || plain === ',' ? '.' : plain;
}
