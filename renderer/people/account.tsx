import { type FormEvent, useState } from 'react';
import { Action } from '../action.tsx';
import { errorWords } from '../error-words.ts';
import { useWords } from '../i18n/index.ts';
import { linkError } from '../link-error.ts';
import { Sheet } from '../lists/sheet.tsx';
import { useTill, useTillContext } from '../till-context.ts';
import { isPin, PIN_MIN } from './fields.ts';
import { PinField } from './pin-field.tsx';

/** Whoever is signed in: lock, leave, another PIN. */
export default function Account({ onClose }: { onClose(): void }) {
  const { api, till } = useTillContext();
  const { t } = useWords();
  const session = useTill((state) => state.session);
  const person = session?.person;
  const minutes = session?.lockAfterMinutes ?? 0;
  const [pin, setPin] = useState('');
  const [newPin, setNewPin] = useState('');
  const [said, setSaid] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  async function doing(work: () => Promise<unknown>, done: string | null): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    try {
      await work();
      setSaid(done);
    } catch (thrown) {
      const { code, data } = linkError(thrown);
      setSaid(errorWords(t, code, data));
    } finally {
      setBusy(false);
      setPin('');
      setNewPin('');
    }
  }

  function change(event: FormEvent): void {
    event.preventDefault();
    if (isPin(pin) && isPin(newPin))
      void doing(() => api.people.changePin({ pin, newPin }), t('people.pin_changed'));
    else setSaid(t('people.pin_short', { min: PIN_MIN }));
  }

  return (
    <Sheet title={person?.name ?? ''} onClose={onClose}>
      <p className="quiet">{person && t(`role.${person.role}`)}</p>
      <p className="quiet" data-testid="idle">
        {t(minutes === 0 ? 'people.idle_never' : 'people.idle', { minutes })}
      </p>
      <div className="attention-acts">
        <Action kind="main" hint="F9" onPress={() => void till.lock()} testId="lock">
          {t('people.lock')}
        </Action>
        <Action busy={isBusy} onPress={() => void doing(till.signOut, null)} testId="sign-out">
          {t('people.sign_out')}
        </Action>
      </div>
      <form className="people-form people-form-apart" onSubmit={change} noValidate>
        <h3>{t('people.change_pin')}</h3>
        <PinField label={t('people.old_pin')} value={pin} isBusy={isBusy} onChange={setPin} />
        <PinField
          label={t('people.new_pin')}
          description={t('people.pin_hint')}
          value={newPin}
          isBusy={isBusy}
          onChange={setNewPin}
        />
        <p role="status">{said}</p>
        <Action type="submit" busy={isBusy} testId="change-pin">
          {t('people.change_pin')}
        </Action>
      </form>
    </Sheet>
  );
}
