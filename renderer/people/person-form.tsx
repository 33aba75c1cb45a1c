import { TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { PERSON_ROLES, type PersonRole } from '../../contract/people.ts';
import { Action } from '../action.tsx';
import { errorWords } from '../error-words.ts';
import { useWords } from '../i18n/index.ts';
import { linkError } from '../link-error.ts';
import { FIELD, isPin, PIN_MIN } from './fields.ts';
import { PinField } from './pin-field.tsx';
import { ReasonField } from './reason-field.tsx';

export interface PersonAnswers {
  name: string;
  role: PersonRole;
  pin: string;
  reason: string;
}

/** Whatever of a person is to be told: name, role, PIN, and why it is changed. What is not asked for stays as it began. */
export function PersonForm(props: {
  asks: readonly ('name' | 'pin')[];
  /** Those to choose from; empty where there is no choice. */
  roles: readonly PersonRole[];
  /** The usual reasons; absent where none is asked for. */
  reasons?: readonly string[];
  began?: { name: string; role: PersonRole };
  action: string;
  onSend(answers: PersonAnswers): Promise<unknown>;
  onCancel: (() => void) | null;
}) {
  const { asks, roles, reasons, began, action, onSend, onCancel } = props;
  const { t } = useWords();
  const [name, setName] = useState(began?.name ?? '');
  const [role, setRole] = useState<PersonRole>(began?.role ?? 'cashier');
  const [pin, setPin] = useState('');
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  function missing(): string | null {
    if (asks.includes('name') && name.trim() === '') return t('people.name_missing');
    if (asks.includes('pin') && !isPin(pin)) return t('people.pin_short', { min: PIN_MIN });
    if (reasons && reason.trim() === '') return t('people.why_missing');
    return null;
  }

  async function send(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    const lack = missing();
    setProblem(lack);
    if (lack !== null) return;
    setBusy(true);
    try {
      await onSend({ name: name.trim(), role, pin, reason: reason.trim() });
    } catch (thrown) {
      const { code, data } = linkError(thrown);
      setProblem(errorWords(t, code, data));
      setBusy(false);
    }
  }

  return (
    <form className="people-form" onSubmit={send} noValidate>
      {asks.includes('name') && (
        <TextInput
          {...FIELD}
          label={t('people.name')}
          value={name}
          maxLength={30}
          readOnly={isBusy}
          data-autofocus
          onChange={(event) => setName(event.currentTarget.value)}
        />
      )}
      {roles.length > 0 && (
        <fieldset className="people-group">
          <legend>{t('people.role')}</legend>
          <div className="people-chips">
            {PERSON_ROLES.filter((each) => roles.includes(each)).map((each) => (
              <Action
                key={each}
                pressed={each === role}
                onPress={() => setRole(each)}
                testId={`role-${each}`}
              >
                {t(`role.${each}`)}
              </Action>
            ))}
          </div>
        </fieldset>
      )}
      {asks.includes('pin') && (
        <PinField
          label={t('people.pin')}
          description={t('people.pin_hint')}
          value={pin}
          isBusy={isBusy}
          onChange={setPin}
        />
      )}
      {reasons && <ReasonField usual={reasons} value={reason} isBusy={isBusy} onChange={setReason} />}
      {problem !== null && (
        <p className="trade-notice" role="alert">
          {problem}
        </p>
      )}
      <div className="people-acts">
        <Action kind="main" type="submit" busy={isBusy} testId="send-person">
          {action}
        </Action>
        {onCancel && (
          <Action onPress={onCancel} busy={isBusy}>
            {t('people.cancel')}
          </Action>
        )}
      </div>
    </form>
  );
}
