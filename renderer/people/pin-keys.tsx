import type { ReactNode } from 'react';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** Digits to press, for whoever has no keyboard. `last` takes the place beside the zero. */
export function PinKeys(props: { onDigit(digit: string): void; onClear(): void; last: ReactNode }) {
  const { onDigit, onClear, last } = props;
  const { t } = useWords();
  return (
    <div className="pin-keys">
      {KEYS.map((key) => (
        <Action key={key} onPress={() => onDigit(key)}>
          {key}
        </Action>
      ))}
      <Action onPress={onClear}>{t('idle.clear')}</Action>
      <Action onPress={() => onDigit('0')}>0</Action>
      {last}
    </div>
  );
}
