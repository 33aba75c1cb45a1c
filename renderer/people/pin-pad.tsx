import { type FormEvent, useState } from 'react';
import { Action } from '../action.tsx';
import { errorWords } from '../error-words.ts';
import { useWords } from '../i18n/index.ts';
import { linkError } from '../link-error.ts';
import { PIN_MAX, PIN_MIN } from './fields.ts';
import { PinKeys } from './pin-keys.tsx';

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
      <PinKeys
        onDigit={press}
        onClear={() => setPin('')}
        last={
          <Action kind="main" type="submit" busy={isBusy} testId="pin-go">
            {props.action}
          </Action>
        }
      />
    </form>
  );
}
