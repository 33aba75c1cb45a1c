import { type FormEvent, useState } from 'react';
import { Action } from '../action.tsx';
import { errorWords } from '../error-words.ts';
import { useWords } from '../i18n/index.ts';
import { linkError } from '../link-error.ts';

const PIN_MIN = 4;
const PIN_MAX = 12;
const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** A PIN by touch or keyboard; never shown. What was refused is said, and the next try begins empty. */
export function PinPad(props: { label: string; onPin(pin: string): Promise<void>; action: string }) {
  const { t } = useWords();
  const [pin, setPin] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  function press(key: string): void {
    setPin(`${pin}${key}`.slice(0, PIN_MAX));
    setProblem(null);
  }

  async function send(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    if (pin.length < PIN_MIN) return setProblem(t('people.pin_short', { min: PIN_MIN }));
    setBusy(true);
    try {
      await props.onPin(pin);
    } catch (thrown) {
      const { code, data } = linkError(thrown);
      setProblem(errorWords(t, code, data));
    } finally {
      setPin('');
      setBusy(false);
    }
  }

  return (
    <form className="pin" onSubmit={send} noValidate>
      <input
        className="pin-field"
        type="password"
        inputMode="none"
        autoComplete="off"
        aria-label={props.label}
        placeholder={t('people.pin')}
        value={pin}
        // biome-ignore lint/a11y/noAutofocus: the PIN is all that can be typed here.
        autoFocus
        onChange={(event) => {
          setPin(event.currentTarget.value.replaceAll(/\D/g, '').slice(0, PIN_MAX));
          setProblem(null);
        }}
      />
      <p className="pin-problem" role="alert">
        {problem}
      </p>
      <div className="pin-keys">
        {KEYS.map((key) => (
          <Action key={key} onPress={() => press(key)}>
            {key}
          </Action>
        ))}
        <Action onPress={() => setPin('')} label={t('idle.clear')}>
          {t('idle.clear')}
        </Action>
        <Action onPress={() => press('0')}>0</Action>
        <Action kind="main" type="submit" busy={isBusy} testId="pin-go">
          {props.action}
        </Action>
      </div>
    </form>
  );
}
