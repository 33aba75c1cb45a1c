import { useState } from 'react';
import type { Refund } from '../../contract/refund.ts';
import type { Trade } from '../../contract/trade.ts';
import { Action } from '../action.tsx';
import { errorWords } from '../error-words.ts';
import { useWords } from '../i18n/index.ts';
import { linkError } from '../link-error.ts';
import { yuanText } from '../money.ts';
import { useTillContext } from '../till-context.ts';
import { clockTime, dayAndTime } from '../times.ts';
import { RefundDialog } from './refund-dialog.tsx';

/** What went back of a payment, what is on its way, and the button for more. */
export function Refunds(props: {
  trade: Trade;
  refunds: readonly Refund[];
  /** The dialog is open from the first. */
  startsAsking?: boolean;
  /** The dialog is open or shut. */
  onAsking(isAsking: boolean): void;
  /** Something was asked for: read the trade again. */
  onChanged(): void;
}) {
  const { trade, refunds, onChanged } = props;
  const { t } = useWords();
  const [isAsking, setAsking] = useState(props.startsAsking === true && trade.refundableFen > 0);
  function ask(next: boolean): void {
    setAsking(next);
    props.onAsking(next);
  }
  if (trade.state !== 'paid') return null;
  return (
    <section className="refunds" aria-label={t('refund.title')}>
      {refunds.length > 0 && <h3>{t('refund.title')}</h3>}
      <ul>
        {refunds.map((refund) => (
          <Row key={refund.refundNo} refund={refund} onChanged={onChanged} />
        ))}
      </ul>
      {trade.refundableFen > 0 && (
        <Action onPress={() => ask(true)} testId="refund">
          {t('refund.open', { amount: yuanText(trade.refundableFen) })}
        </Action>
      )}
      {isAsking && (
        <RefundDialog
          trade={trade}
          onClose={() => ask(false)}
          onDone={() => {
            ask(false);
            onChanged();
          }}
        />
      )}
    </section>
  );
}

function Row({ refund, onChanged }: { refund: Refund; onChanged(): void }) {
  const { api } = useTillContext();
  const { t } = useWords();
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const { refundNo, state } = refund;
  const isUnderWay = ['queued', 'asked', 'processing', 'abnormal'].includes(state);

  async function act(send: () => Promise<unknown>): Promise<void> {
    setBusy(true);
    setFailure(null);
    try {
      await send();
      onChanged();
    } catch (thrown) {
      const { code, data } = linkError(thrown);
      setFailure(errorWords(t, code, data));
    }
    setBusy(false);
  }

  return (
    <li className={`refund refund-${state}`}>
      <p>
        <b className="number">¥ {yuanText(refund.amountFen)}</b>{' '}
        {t(refund.held ? 'refund.held' : `refund.state.${state}`)}
        {refund.succeededAt && <time> {dayAndTime(refund.succeededAt).slice(0, 16)}</time>}
      </p>
      <p className="quiet">
        {refund.origin === 'here' ? refund.reason : t(`refund.origin.${refund.origin}`)} · {refundNo}
      </p>
      {refund.refusal && (
        <p className="trade-notice">{refund.refusal.providerMessage || refund.refusal.providerCode}</p>
      )}
      {isUnderWay && refund.nextAskAt && (
        <p className="quiet">
          {t(state === 'queued' ? 'refund.next_send' : 'refund.next_ask', {
            time: clockTime(refund.nextAskAt),
          })}
        </p>
      )}
      {failure && (
        <p className="trade-notice" role="alert">
          {failure}
        </p>
      )}
      {isUnderWay && (
        <div className="attention-acts">
          {refund.canWithdraw ? (
            <Action busy={isBusy} onPress={() => void act(() => api.refunds.withdraw({ refundNo }))}>
              {t('refund.withdraw')}
            </Action>
          ) : (
            <Action busy={isBusy} onPress={() => void act(() => api.refunds.check({ refundNo }))}>
              {t('refund.check')}
            </Action>
          )}
        </div>
      )}
    </li>
  );
}
