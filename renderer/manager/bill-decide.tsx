import { TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { Approval } from '../../contract/people.ts';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { ApprovalFields } from '../people/approval.tsx';
import { useTill } from '../till-context.ts';

const REASON_MAX = 200;

/** Why a difference is none, with a second person's PIN where there are people; also of all that are like it. */
export function BillDecide(props: {
  /** How many others there are like it. */
  alike: number;
  onCancel(): void;
  /** Null when it went well, else why not, in words. */
  onConfirm(withAlike: boolean, reason: string, approval: Approval | null): Promise<string | null>;
}) {
  const { alike, onCancel, onConfirm } = props;
  const { t } = useWords();
  const hasPeople = useTill((state) => state.session?.hasPeople ?? false);
  const [reason, setReason] = useState('');
  const [withAlike, setWithAlike] = useState(false);
  const [approval, setApproval] = useState<Approval | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  // At the foot of the page, too, all of it is seen: when it opens, and when it says what is wrong.
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is said makes the form longer.
  useEffect(() => {
    form.current?.scrollIntoView({ block: 'nearest' });
  }, [failure]);

  async function confirm(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    if (reason.trim() === '') return setFailure(t('bills.reason_missing'));
    if (hasPeople && approval === null) return setFailure(t('errors.approval_needed'));
    setBusy(true);
    setFailure(await onConfirm(withAlike, reason.trim(), approval));
    setBusy(false);
  }

  return (
    <form className="bill-decide" onSubmit={confirm} noValidate ref={form}>
      <TextInput
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        placeholder={t('bills.reason')}
        aria-label={t('bills.reason')}
        maxLength={REASON_MAX}
        readOnly={isBusy}
        autoFocus
        classNames={{ input: 'search' }}
        variant="unstyled"
      />
      <ApprovalFields onChange={setApproval} isBusy={isBusy} />
      {failure && (
        <p className="trade-notice" role="alert">
          {failure}
        </p>
      )}
      <div className="bill-decide-acts">
        {alike > 0 && (
          <Action pressed={withAlike} onPress={() => setWithAlike(!withAlike)} testId="bill-alike">
            {t('bills.alike', { count: alike })}
          </Action>
        )}
        <Action type="submit" kind="decide" busy={isBusy} testId="bill-decided">
          {t('bills.resolve_confirm')}
        </Action>
        <Action onPress={onCancel} busy={isBusy}>
          {t('bills.resolve_not')}
        </Action>
      </div>
    </form>
  );
}
