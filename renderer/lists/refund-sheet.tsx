import { TextInput, UnstyledButton } from '@mantine/core';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { Trade } from '../../contract/trade.ts';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { type LinkErrorCode, linkError } from '../link-error.ts';
import { yuanText } from '../money.ts';
import { useTill, useTillContext } from '../till-context.ts';
import { dayAndTime } from '../times.ts';
import { WalletName } from '../wallet.tsx';
import { findReceipt, type Receipt } from './find-receipt.ts';
import { Sheet } from './sheet.tsx';
import { Timeline } from './timeline.tsx';

/** A receipt is scanned, or its number typed, and what it names opens ready to be given back, or says why not. */
export default function RefundSheet(props: { text: string | undefined; onClose(): void }) {
  const { api } = useTillContext();
  const { t } = useWords();
  const tillId = useTill((state) => state.till?.tillId ?? '');
  const [text, setText] = useState(props.text ?? '');
  const [receipt, setReceipt] = useState<Receipt | null>(null);
  const [failure, setFailure] = useState<LinkErrorCode | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const scanned = useRef(props.text);

  async function find(wanted: string): Promise<void> {
    if (wanted === '') return;
    setBusy(true);
    setFailure(null);
    setReceipt(null);
    try {
      const found = await findReceipt(api, wanted, tillId);
      setReceipt(found);
      setAsking(found.kind === 'open');
      // The next receipt may be scanned at once.
      if (found.kind !== 'open') field.current?.select();
    } catch (thrown) {
      setFailure(linkError(thrown).code);
    }
    setBusy(false);
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: what was scanned is looked up once.
  useEffect(() => {
    if (scanned.current !== undefined) void find(scanned.current);
    scanned.current = undefined;
  }, []);

  const form = (
    <form
      className="receipt"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        if (!isBusy) void find(text.trim());
      }}
    >
      <TextInput
        ref={field}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        aria-label={t('refund.find')}
        placeholder={t('refund.find')}
        maxLength={64}
        data-autofocus
        classNames={{ input: 'search' }}
        variant="unstyled"
      />
      <Action kind="main" type="submit" busy={isBusy} testId="receipt-find">
        {t('refund.find_go')}
      </Action>
    </form>
  );
  return (
    <Sheet title={t('refund.heading')} onClose={props.onClose} keepsOpen={isAsking} instead={form}>
      {failure && (
        <p className="trade-notice" role="alert">
          {t(`errors.${failure}`)}
        </p>
      )}
      {!receipt && !failure && <p className="quiet">{t('refund.find_hint')}</p>}
      {receipt && <Words receipt={receipt} text={text.trim()} />}
      {receipt?.kind === 'several' && (
        <Choice
          trades={receipt.trades}
          onChosen={(trade) => {
            setReceipt({ kind: 'open', trade });
            setAsking(true);
          }}
        />
      )}
      {receipt && 'trade' in receipt && (
        <Timeline
          key={receipt.trade.tradeNo}
          tradeNo={receipt.trade.tradeNo}
          asksRefund={receipt.kind === 'open'}
          onAsking={setAsking}
        />
      )}
    </Sheet>
  );
}

/** Why nothing opens to be given back. */
function Words({ receipt, text }: { receipt: Receipt; text: string }) {
  const { t } = useWords();
  if (receipt.kind === 'open') return null;
  const values = {
    q: text,
    till: receipt.kind === 'elsewhere' ? receipt.tillId : '',
    amount: 'trade' in receipt ? yuanText(receipt.trade.refundedFen) : '',
    count: receipt.kind === 'several' ? receipt.trades.length : 0,
  };
  return (
    <p className="trade-notice" role="status" data-testid={`receipt-${receipt.kind}`}>
      {t(`refund.found.${receipt.kind}`, values)}
    </p>
  );
}

function Choice({ trades, onChosen }: { trades: readonly Trade[]; onChosen(trade: Trade): void }) {
  const { t } = useWords();
  return (
    <ul className="list">
      {trades.map((trade) => (
        <li key={trade.tradeNo}>
          <UnstyledButton className="list-row" onClick={() => onChosen(trade)}>
            <span className="list-main">
              <WalletName channel={trade.channel} />
              <small>{trade.tradeNo}</small>
            </span>
            <time>{dayAndTime(trade.paidAt ?? trade.createdAt).slice(5, 16)}</time>
            <span className="number list-amount">¥ {yuanText(trade.amountFen)}</span>
            <span className="list-state-word">
              {t('refund.left', { amount: yuanText(trade.refundableFen) })}
            </span>
          </UnstyledButton>
        </li>
      ))}
    </ul>
  );
}
