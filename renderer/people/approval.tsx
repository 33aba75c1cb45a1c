import { NativeSelect } from '@mantine/core';
import { useEffect, useEffectEvent, useState } from 'react';
import type { Approval } from '../../contract/people.ts';
import { useWords } from '../i18n/index.ts';
import { useTill, useTillContext } from '../till-context.ts';
import { FIELD, isPin } from './fields.ts';
import { PinField } from './pin-field.tsx';

/** Who stands by it, and their PIN: null until both are given. Nothing at a till without people. */
export function ApprovalFields(props: { onChange(approval: Approval | null): void; isBusy: boolean }) {
  const { onChange, isBusy } = props;
  const { api } = useTillContext();
  const { t } = useWords();
  const session = useTill((state) => state.session);
  const own = session?.rights.includes('approve') ? (session.person?.name ?? '') : '';
  const [names, setNames] = useState<readonly string[]>([]);
  const [operator, setOperator] = useState(own);
  const [pin, setPin] = useState('');
  const hasPeople = session?.hasPeople ?? false;
  useEffect(() => {
    if (hasPeople) api.auth.names({ may: 'approve' }).then(setNames, () => {});
  }, [api, hasPeople]);
  // In the same turn as the key: an Enter right behind it must not send the PIN without its last digit.
  function say(who: string, typed: string): void {
    setOperator(who);
    setPin(typed);
    onChange(who !== '' && isPin(typed) ? { operator: who, pin: typed } : null);
  }
  const forget = useEffectEvent(() => say(operator, ''));
  // A PIN is good for one try: what is typed after a refusal is not added to it.
  useEffect(() => (isBusy ? forget : undefined), [isBusy]);
  if (!hasPeople) return null;
  return (
    <fieldset className="approval" data-testid="approval">
      <legend>{t('approval.legend')}</legend>
      <NativeSelect
        {...FIELD}
        label={t('approval.who')}
        value={operator}
        disabled={isBusy}
        onChange={(event) => say(event.currentTarget.value, pin)}
        data={['', ...names]}
      />
      <PinField
        label={t('people.pin')}
        value={pin}
        isBusy={isBusy}
        onChange={(typed) => say(operator, typed)}
      />
    </fieldset>
  );
}
