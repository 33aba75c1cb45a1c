import { Modal, Textarea } from '@mantine/core';
import '@mantine/core/styles/Modal.css';
import { type FormEvent, useRef, useState } from 'react';
import type { OutboxEntry } from '../../contract/outbox.ts';
import type { Approval } from '../../contract/people.ts';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { ApprovalFields } from '../people/approval.tsx';
import { useTill } from '../till-context.ts';
import { endingMeans, headline } from './attention-words.ts';
import { useFocusReturn } from './focus-return.ts';

const REASON_MIN = 3;
const REASON_MAX = 200;

/** Asks why a person ends it, and says what that does and what it does not. Esc changes nothing. */
export function SetAsideDialog(props: {
  entry: OutboxEntry;
  isBusy: boolean;
  onClose(): void;
  /** Null when it went well, else why not, in words. */
  onConfirm(reason: string, approval: Approval | null): Promise<string | null>;
}) {
  const { entry, isBusy, onClose, onConfirm } = props;
  const { t } = useWords();
  useFocusReturn();
  const isDecision = entry.kind === 'give_back';
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [approval, setApproval] = useState<Approval | null>(null);
  const hasPeople = useTill((state) => state.session?.hasPeople ?? false);
  const field = useRef<HTMLTextAreaElement>(null);

  async function confirm(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    const words = reason.trim();
    if (words.length < REASON_MIN) {
      setProblem(t('set_aside.too_short', { min: REASON_MIN }));
      field.current?.focus();
      return;
    }
    if (hasPeople && approval === null) return setFailure(t('errors.approval_needed'));
    setFailure(await onConfirm(words, approval));
  }

  return (
    <Modal
      opened
      onClose={onClose}
      closeOnEscape={!isBusy}
      closeOnClickOutside={false}
      withCloseButton={false}
      lockScroll={false}
      centered
      title={t(isDecision ? 'set_aside.keep' : 'set_aside.heading')}
      classNames={{
        content: 'dialog',
        header: 'dialog-head',
        title: 'dialog-title',
        body: 'dialog-body',
        overlay: 'sheet-shade',
      }}
      transitionProps={{ duration: 120, transition: 'fade' }}
    >
      <form onSubmit={confirm} noValidate>
        <p>
          <b>{headline(t, entry)}</b>
        </p>
        <ul className="dialog-means">
          {endingMeans(t, entry).map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        <Textarea
          ref={field}
          label={t('set_aside.label')}
          description={t('set_aside.hint')}
          value={reason}
          onChange={(event) => {
            setReason(event.currentTarget.value);
            setProblem(null);
          }}
          error={problem}
          maxLength={REASON_MAX}
          rows={2}
          required
          withAsterisk={false}
          readOnly={isBusy}
          data-autofocus
          variant="unstyled"
          classNames={{
            input: 'reason',
            label: 'reason-label',
            description: 'reason-hint',
            error: 'reason-problem',
          }}
        />
        <ApprovalFields onChange={setApproval} isBusy={isBusy} />
        {failure && (
          <p className="trade-notice" role="alert">
            {failure}
          </p>
        )}
        <div className="dialog-acts">
          <Action onPress={onClose} hint="Esc" busy={isBusy}>
            {t('set_aside.cancel')}
          </Action>
          <Action kind="main" type="submit" busy={isBusy} testId="confirm">
            {t(isBusy ? 'attention.busy' : isDecision ? 'set_aside.confirm_keep' : 'set_aside.confirm')}
          </Action>
        </div>
      </form>
    </Modal>
  );
}
