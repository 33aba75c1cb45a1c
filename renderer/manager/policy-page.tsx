import { NumberInput } from '@mantine/core';
import { type FormEvent, useEffect, useState } from 'react';
import type { Approval, Policy } from '../../contract/people.ts';
import { Action } from '../action.tsx';
import { errorWords } from '../error-words.ts';
import { useWords } from '../i18n/index.ts';
import { type LinkErrorCode, linkError } from '../link-error.ts';
import { ApprovalFields } from '../people/approval.tsx';
import { FIELD } from '../people/fields.ts';
import { ReasonField } from '../people/reason-field.tsx';
import { useTill, useTillContext } from '../till-context.ts';

const FEN_PER_YUAN = 100;

/** What the shop has decided. A change asks for a second person. */
export default function PolicyPage() {
  const { api } = useTillContext();
  const { t } = useWords();
  const hasPeople = useTill((state) => state.session?.hasPeople ?? false);
  const [policy, setPolicy] = useState<Policy | null>(null);
  const [reason, setReason] = useState('');
  const [approval, setApproval] = useState<Approval | null>(null);
  const [failure, setFailure] = useState<LinkErrorCode | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isSaved, setSaved] = useState(false);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    api.policy.get().then(setPolicy, (error) => setFailure(linkError(error).code));
  }, [api]);

  async function send(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (policy === null || isBusy) return;
    setSaved(false);
    if (reason.trim() === '') return setProblem(t('people.why_missing'));
    if (hasPeople && approval === null) return setProblem(t('errors.approval_needed'));
    setProblem(null);
    setBusy(true);
    try {
      setPolicy(
        await api.policy.set({ ...policy, reason: reason.trim(), ...(approval ? { approval } : {}) }),
      );
      setSaved(true);
    } catch (thrown) {
      const { code, data } = linkError(thrown);
      setProblem(errorWords(t, code, data));
    } finally {
      setBusy(false);
    }
  }

  if (policy === null)
    return <p role="status">{t(failure === null ? 'list.loading' : `errors.${failure}`)}</p>;
  return (
    <form className="people-form people-form-wide" onSubmit={send} noValidate>
      <NumberInput
        {...FIELD}
        className="people-half"
        label={t('policy.lock')}
        description={t('policy.lock_hint')}
        min={0}
        max={240}
        allowDecimal={false}
        hideControls
        value={policy.lockAfterMinutes}
        onChange={(value) => setPolicy({ ...policy, lockAfterMinutes: Number(value) })}
      />
      <NumberInput
        {...FIELD}
        className="people-half"
        label={t('policy.refund')}
        description={t('policy.refund_hint')}
        min={0}
        max={1_000_000}
        allowDecimal={false}
        hideControls
        prefix="¥ "
        value={policy.refundApprovalAboveFen / FEN_PER_YUAN}
        onChange={(value) => setPolicy({ ...policy, refundApprovalAboveFen: Number(value) * FEN_PER_YUAN })}
      />
      <ReasonField
        usual={[t('policy.why.people'), t('policy.why.safety'), t('policy.why.speed')]}
        value={reason}
        isBusy={isBusy}
        onChange={setReason}
      />
      <ApprovalFields onChange={setApproval} isBusy={isBusy} />
      {problem !== null && (
        <p className="trade-notice" role="alert">
          {problem}
        </p>
      )}
      <p role="status">{isSaved && t('policy.saved')}</p>
      <div className="people-acts">
        <Action kind="main" type="submit" busy={isBusy} testId="save-policy">
          {t('policy.save')}
        </Action>
      </div>
    </form>
  );
}
