import { Action } from './action.tsx';
import { useWords } from './i18n/index.ts';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '.', '0'];

/** The digits of an amount under the finger. Beside a field, the keyboard has that. */
export function Keypad(props: { onKey(key: string): void; onErase(): void; isBesideField?: boolean }) {
  const { onKey, onErase, isBesideField = false } = props;
  const { t } = useWords();
  return (
    <div className="keypad">
      {KEYS.map((key) => (
        <Action
          key={key}
          onPress={() => onKey(key)}
          isForFingers={isBesideField}
          {...(key === '.' ? { label: t('idle.point') } : {})}
        >
          {key}
        </Action>
      ))}
      <Action onPress={onErase} label={t('idle.erase')} isForFingers={isBesideField}>
        <EraseSign />
      </Action>
    </div>
  );
}

function EraseSign() {
  return (
    <svg viewBox="0 0 32 24" className="erase" aria-hidden="true">
      <path d="M11 3h17a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H11L3 12ZM15.500 8.500l7 7m0-7-7 7" />
    </svg>
  );
}
