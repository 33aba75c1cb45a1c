import { TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { PERSON_ROLES, type PersonRole } from '../../contract/people.ts';
import { Action } from '../action.tsx';
import { errorWords } from '../error-words.ts';
import { useWords } from '../i18n/index.ts';
import { linkError } from '../link-error.ts';
import { FIELD, isPin, PIN_FIELD } from './fields.ts';

/** What the form asks for: a name and a PIN of a new person with a role to choose from, or a PIN alone. */
export function PersonForm(props: {
  asksName: boolean;
  /** Empty where there is no choice. */
  roles: readonly PersonRole[];
  action: string;
  onSend(person: { name: string; role: PersonRole; pin: string }): Promise<unknown>;
  onCancel: (() => void) | null;
}) {
  const { asksName, roles, action, onSend, onCancel } = props;
  const { t } = useWords();
  const [name, setName] = useState('');
  const [role, setRole] = useState<PersonRole>('cashier');
  const [pin, setPin] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  async function send(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    if (asksName && name.trim() === '') return setProblem(t('people.name_missing'));
    if (!isPin(pin)) return setProblem(t('people.pin_short', { min: 4 }));
    setBusy(true);
    try {
      await onSend({ name: name.trim(), role, pin });
    } catch (thrown) {
      const { code, data } = linkError(thrown);
      setProblem(errorWords(t, code, data));
      setBusy(false);
    }
  }

  return (
    <form className="people-form" onSubmit={send} noValidate>
      {asksName && (
        <TextInput
          {...FIELD}
          label={t('people.name')}
          value={name}
          maxLength={30}
          data-autofocus
          onChange={(event) => setName(event.currentTarget.value)}
        />
      )}
      {roles.length > 0 && (
        <fieldset className="people-roles" aria-label={t('people.role')}>
          {PERSON_ROLES.filter((each) => roles.includes(each)).map((each) => (
            <Action key={each} pressed={each === role} onPress={() => setRole(each)}>
              {t(`role.${each}`)}
            </Action>
          ))}
        </fieldset>
      )}
      <TextInput
        {...PIN_FIELD}
        label={t('people.pin')}
        description={t('people.pin_hint')}
        value={pin}
        onChange={(event) => setPin(event.currentTarget.value.replaceAll(/\D/g, ''))}
      />
      {problem !== null && (
        <p className="trade-notice" role="alert">
          {problem}
        </p>
      )}
      <div className="people-acts">
        <Action kind="main" type="submit" busy={isBusy} testId="send-person">
          {action}
        </Action>
        {onCancel && <Action onPress={onCancel}>{t('people.cancel')}</Action>}
      </div>
    </form>
  );
}
