import { TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { Action } from '../action.tsx';
import { errorWords } from '../error-words.ts';
import { useWords } from '../i18n/index.ts';
import { linkError } from '../link-error.ts';
import { Sheet } from '../lists/sheet.tsx';
import { useTill, useTillContext } from '../till-context.ts';
import { isPin, PIN_FIELD } from './fields.ts';

/** Whoever is signed in: lock, leave, another PIN. */
export default function Account({ onClose }: { onClose(): void }) {
  const { api, till } = useTillContext();
  const { t } = useWords();
  const person = useTill((state) => state.session?.person);
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
    else setSaid(t('people.pin_short', { min: 4 }));
  }

  return (
    <Sheet title={person?.name ?? ''} onClose={onClose}>
      <p className="quiet">{person && t(`role.${person.role}`)}</p>
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
        <TextInput
          {...PIN_FIELD}
          label={t('people.old_pin')}
          value={pin}
          onChange={(event) => setPin(event.currentTarget.value.replaceAll(/\D/g, ''))}
        />
        <TextInput
          {...PIN_FIELD}
          label={t('people.new_pin')}
          description={t('people.pin_hint')}
          value={newPin}
          onChange={(event) => setNewPin(event.currentTarget.value.replaceAll(/\D/g, ''))}
        />
        <p role="status">{said}</p>
        <Action type="submit" busy={isBusy} testId="change-pin">
          {t('people.change_pin')}
        </Action>
      </form>
    </Sheet>
  );
}
