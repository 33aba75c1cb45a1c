import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { OutboxEntry } from '../../contract/outbox.ts';
import type { Approval } from '../../contract/people.ts';
import { Action } from '../action.tsx';
import { errorWords } from '../error-words.ts';
import { useWords } from '../i18n/index.ts';
import { linkError } from '../link-error.ts';
import { ApprovalFields } from '../people/approval.tsx';
import { useTillContext } from '../till-context.ts';
import { clockTime, dayAndTime } from '../times.ts';
import { WalletName } from '../wallet.tsx';
import { Yuan } from '../yuan.tsx';
import { headline, nextSteps, outcomeWords, story, values } from './attention-words.ts';
import { Fact } from './fact.tsx';
import { SetAsideDialog } from './set-aside-dialog.tsx';

/** It was settled elsewhere meanwhile. */
const GONE: readonly string[] = ['entry_not_found', 'entry_not_parked', 'refund_not_due'];

/** One thing that waits for a person: what happened, what to do, and the two ways to end the waiting. */
export function AttentionEntry(props: {
  entry: OutboxEntry;
  /** The dialog is open or shut. */
  onAsking(isAsking: boolean): void;
  /** It waits no longer, in words. */
  onDone(words: string): void;
  /** It may not be there any more: read the list again. */
  onGone(): void;
}) {
  const { entry, onDone, onGone } = props;
  const { api, open } = useTillContext();
  const { t } = useWords();
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  /** The backend asks for a second person: it knows the limit. */
  const [needsApproval, setNeedsApproval] = useState(false);
  const [approval, setApproval] = useState<Approval | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const { tradeNo } = entry;
  const isDecision = entry.kind === 'give_back';
  useEffect(() => heading.current?.focus(), []);

  function ask(next: boolean): void {
    setAsking(next);
    props.onAsking(next);
  }

  /** Null when it went well, else why not, in words. */
  async function send(act: () => Promise<unknown>, doneWords: string): Promise<string | null> {
    setFailure(null);
    setBusy(true);
    try {
      await act();
      props.onAsking(false);
      onDone(doneWords);
      return null;
    } catch (thrown) {
      const { code, data } = linkError(thrown);
      setBusy(false);
      if (GONE.includes(code)) onGone();
      if (code === 'approval_needed') setNeedsApproval(true);
      return errorWords(t, code, data);
    }
  }

  async function giveBack(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (isBusy || !isDecision || tradeNo === null) return;
    const work = () => api.refunds.giveBack({ tradeNo, ...(approval ? { approval } : {}) });
    setFailure(await send(work, t('attention.given_back')));
  }

  return (
    <article className="trade attention">
      <header>
        {entry.channel && <WalletName channel={entry.channel} />}
        {entry.amountFen !== null && (
          <p className="trade-amount">
            <Yuan fen={entry.amountFen} />
          </p>
        )}
      </header>
      <h3 className="attention-title" tabIndex={-1} ref={heading}>
        {headline(t, entry)}
      </h3>
      <p>{story(t, entry)}</p>
      <h4>{t('attention.next')}</h4>
      <ol className="attention-steps">
        {nextSteps(t, entry).map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <form className="attention-form" onSubmit={giveBack} noValidate>
        {needsApproval && !isAsking && <ApprovalFields onChange={setApproval} isBusy={isBusy} />}
        <div className="attention-acts">
          {entry.canRetry && (
            <Action
              busy={isBusy}
              onPress={async () =>
                setFailure(
                  await send(() => api.outbox.retry({ entryId: entry.entryId }), t('attention.retried')),
                )
              }
              testId="try-again"
            >
              {t(isBusy && !isAsking ? 'attention.busy' : 'attention.retry')}
            </Action>
          )}
          {isDecision && tradeNo && (
            <Action kind="main" type="submit" busy={isBusy} testId="give-back">
              {t(isBusy && !isAsking ? 'attention.busy' : 'attention.give_back', values(t, entry))}
            </Action>
          )}
          <Action
            kind={isDecision ? 'plain' : 'main'}
            busy={isBusy}
            onPress={() => ask(true)}
            testId="by-hand"
          >
            {t(isDecision ? 'attention.keep' : 'attention.by_hand')}
          </Action>
          {tradeNo && (
            <Action busy={isBusy} onPress={() => open({ name: 'history', tradeNo })}>
              {t('attention.timeline')}
            </Action>
          )}
        </div>
      </form>
      {failure && (
        <p className="trade-notice" role="alert">
          {failure}
        </p>
      )}
      <dl>
        <Fact name={t('history.order')} value={entry.orderNo} />
        <Fact name={t('attention.subject')} value={entry.subject} />
        <Fact name={t('history.trade')} value={tradeNo} />
        <Fact name={t('refund.no')} value={entry.refundNo} />
        <Fact name={t('attention.since')} value={dayAndTime(entry.createdAt)} />
        <Fact
          name={t('attention.tried')}
          value={
            entry.lastAttemptAt &&
            t('attention.tried_count', { number: entry.attempts, time: clockTime(entry.lastAttemptAt) })
          }
        />
        <Fact name={t('attention.outcome')} value={entry.lastOutcome && outcomeWords(t, entry.lastOutcome)} />
      </dl>
      {isAsking && (
        <SetAsideDialog
          entry={entry}
          isBusy={isBusy}
          onClose={() => ask(false)}
          onConfirm={(reason, approval) => {
            const input = { reason, ...(approval ? { approval } : {}) };
            return isDecision && tradeNo
              ? send(() => api.refunds.keep({ tradeNo, ...input }), t('attention.kept'))
              : send(
                  () => api.outbox.setAside({ entryId: entry.entryId, ...input }),
                  t('attention.set_aside'),
                );
          }}
        />
      )}
    </article>
  );
}
