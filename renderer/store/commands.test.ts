import { describe, expect, test } from 'vitest';
import { commandFor } from './commands.ts';
import { SCREENS } from './screen.ts';

describe('a key', () => {
  test('charges only where an amount is typed or an attempt has ended', () => {
    const charging = SCREENS.filter((screen) =>
      ['charge', 'retry'].includes(commandFor(screen, 'Enter')?.do ?? ''),
    );
    expect(charging).toEqual(['idle', 'entering', 'not_paid', 'refused']);
  });

  test.for(['paid', 'not_paid', 'refused', 'closing', 'set_aside'] as const)(
    'digit begins the next sale on %s',
    (screen) => {
      expect(commandFor(screen, '7')).toEqual({ do: 'next', key: '7' });
    },
  );

  test.for(['creating', 'waiting', 'checking'] as const)('digit cannot leave %s', (screen) => {
    expect(commandFor(screen, '7')).toBeNull();
  });

  test('Esc means something safe on every screen', () => {
    for (const screen of SCREENS)
      expect(['clear', 'cancel', 'leave']).toContain(commandFor(screen, 'Escape')?.do);
  });

  test('from an input method counts as the plain one', () => {
    expect(commandFor('idle', '５')).toEqual({ do: 'type', key: '5' });
    expect(commandFor('entering', '。')).toEqual({ do: 'type', key: '.' });
  });
});
