import { Modal, TextInput } from '@mantine/core';
import '@mantine/core/styles/Modal.css';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { Approval } from '../../contract/people.ts';
import type { Trade } from '../../contract/trade.ts';
import { Action } from '../action.tsx';
import { errorWords } from '../error-words.ts';
import { useWords } from '../i18n/index.ts';
import { Keypad } from '../keypad.tsx';
import { linkError } from '../link-error.ts';
import { spokenYuan, yuanText } from '../money.ts';
import { ApprovalFields } from '../people/approval.tsx';
import { amountFen, eraseLast, pastedAmount, typeAmount } from '../store/amount.ts';
import { useTillContext } from '../till-context.ts';
import { useFocusReturn } from './focus-return.ts';

const REASONS = ['refund.reason.returned', 'refund.reason.missing', 'refund.reason.wrong'] as const;
/** The wallets take this many bytes of a reason. */
const REASON_MAX_BYTES = 80;

/** Gives part or all of a payment back: how much and why, then once more in plain words. Esc changes nothing. */
export function RefundDialog({ trade, onClose, onDone }: { trade: Trade; onClose(): void; onDone(): void }) {
  const { api } = useTillContext();
  const { t } = useWords();
  useFocusReturn();
  // One number for this dialog: however often it is sent, it is one refund.
  const [refundNo] = useState(() => `R${crypto.randomUUID().replaceAll('-', '')}`);
  const [typed, setTyped] = useState(spokenYuan(trade.refundableFen));
  const [isPrefilled, setPrefilled] = useState(true);
  const [reason, setReason] = useState('');
  const [isSure, setSure] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<{ field: 'amount' | 'reason'; words: string } | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  /** The backend asks for a second person: it knows the limit, and what was given back before. */
  const [asksApproval, setAsking] = useState(false);
  const [approval, setApproval] = useState<Approval | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const form = useRef<HTMLFormElement>(null);
  // Its fields go with the first step, and the keyboard with them: it goes on at what is asked next.
  useEffect(() => {
    if (!isSure) return;
    const asked = asksApproval ? emptyField(form.current) : null;
    (asked ?? form.current?.querySelector<HTMLElement>('[type="submit"]'))?.focus();
  }, [isSure, asksApproval]);
  const read = amountFen(pastedAmount(typed) ?? '', trade.refundableFen);
  const fen = 'fen' in read ? read.fen : 0;
  const words = reason.trim();

  function complain(): boolean {
    if (fen === 0)
      setProblem({
        field: 'amount',
        words: t('refund.amount_wrong', { amount: yuanText(trade.refundableFen) }),
      });
    else if (words === '' || new TextEncoder().encode(words).length > REASON_MAX_BYTES)
      setProblem({
        field: 'reason',
        words: t(words === '' ? 'refund.reason_missing' : 'refund.reason_long'),
      });
    else return false;
    return true;
  }

  async function confirm(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (isBusy || complain()) return;
    if (!isSure) {
      setSure(true);
      return;
    }
    setBusy(true);
    try {
      await api.refunds.create({
        tradeNo: trade.tradeNo,
        refundNo,
        amountFen: fen,
        reason: words,
        ...(approval ? { approval } : {}),
      });
      onDone();
    } catch (thrown) {
      setBusy(false);
      const { code, data } = linkError(thrown);
      if (code === 'approval_needed') setAsking(true);
      setFailure(errorWords(t, code, data));
    }
  }

  function change(set: (text: string) => void): (text: string) => void {
    return (text) => {
      set(text);
      setProblem(null);
      setFailure(null);
    };
  }

  /** The first key begins a new amount, as it does over a selection. */
  function press(key: string): void {
    const isPlain = !isPrefilled && /^\d*(?:\.\d{0,2})?$/.test(typed);
    change(setTyped)(typeAmount(isPlain ? typed : '', key));
    setPrefilled(false);
  }

  function erase(): void {
    change(setTyped)(isPrefilled ? '' : eraseLast(typed));
    setPrefilled(false);
  }

  const values = { amount: yuanText(fen), wallet: t(`wallet.${trade.channel}`), trade: trade.tradeNo };
  const styles = {
    input: 'reason',
    label: 'reason-label',
    description: 'reason-hint',
    error: 'reason-problem',
  };
  return (
    <Modal
      opened
      onClose={onClose}
      closeOnEscape={!isBusy}
      closeOnClickOutside={false}
      withCloseButton={false}
      lockScroll={false}
      centered
      title={t('refund.heading')}
      classNames={{
        content: 'dialog dialog-wide',
        header: 'dialog-head',
        title: 'dialog-title',
        body: 'dialog-body',
        overlay: 'sheet-shade',
      }}
      transitionProps={{ duration: 120, transition: 'fade' }}
    >
      <form
        ref={form}
        onSubmit={confirm}
        // A key that is still held down from the step before confirms nothing.
        onKeyDown={(event) => event.key === 'Enter' && event.repeat && event.preventDefault()}
        noValidate
      >
        {isSure ? (
          <ul className="dialog-means" role="status">
            {t('refund.sure', values)
              .split('\n')
              .map((line) => (
                <li key={line}>{line}</li>
              ))}
          </ul>
        ) : (
          <div className="refund-entry">
            <div>
              <TextInput
                ref={field}
                label={t('refund.amount')}
                description={t('refund.left', { amount: yuanText(trade.refundableFen) })}
                // The keypad below is the finger's.
                inputMode="none"
                value={typed}
                onChange={(event) => {
                  change(setTyped)(event.currentTarget.value);
                  setPrefilled(false);
                }}
                onFocus={(event) => event.currentTarget.select()}
                error={problem?.field === 'amount' ? problem.words : null}
                data-autofocus
                variant="unstyled"
                classNames={styles}
              />
              <Keypad onKey={press} onErase={erase} isBesideField />
            </div>
            <div>
              <fieldset className="refund-chips" aria-label={t('refund.reason')}>
                {REASONS.map((key) => (
                  <Action key={key} pressed={reason === t(key)} onPress={() => change(setReason)(t(key))}>
                    {t(key)}
                  </Action>
                ))}
              </fieldset>
              <TextInput
                label={t('refund.reason')}
                description={t('refund.reason_hint')}
                value={reason}
                onChange={(event) => change(setReason)(event.currentTarget.value)}
                error={problem?.field === 'reason' ? problem.words : null}
                maxLength={REASON_MAX_BYTES}
                variant="unstyled"
                classNames={styles}
              />
            </div>
          </div>
        )}
        {isSure && asksApproval && <ApprovalFields onChange={setApproval} isBusy={isBusy} />}
        {failure && (
          <p className="trade-notice" role="alert">
            {failure}
          </p>
        )}
        <div className="dialog-acts">
          <Action
            onPress={isSure && !isBusy ? () => setSure(false) : onClose}
            hint={isSure ? undefined : 'Esc'}
            busy={isBusy}
          >
            {t('set_aside.cancel')}
          </Action>
          <Action kind="main" type="submit" busy={isBusy} testId="refund-confirm">
            {t(isBusy ? 'attention.busy' : isSure ? 'refund.confirm' : 'refund.next', values)}
          </Action>
        </div>
      </form>
    </Modal>
  );
}

/** The first field that has nothing in it yet. */
function emptyField(form: HTMLFormElement | null): HTMLElement | undefined {
  const fields = form?.querySelectorAll<HTMLInputElement | HTMLSelectElement>('select, input') ?? [];
  return [...fields].find(({ value }) => value === '');
}
