import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { type BillLine, DIFFERENCES } from '../../contract/bill.ts';
import type { Approval } from '../../contract/people.ts';
import { Action } from '../action.tsx';
import { keyOf, useWords } from '../i18n/index.ts';
import { yuanText } from '../money.ts';
import { ApprovalFields } from '../people/approval.tsx';
import { dayAndTime } from '../times.ts';

/** One line of a bill, both sides beside each other; a difference can be decided in place. */
export function BillRow(props: {
  line: BillLine;
  onResolve(reason: string, approval: Approval | null): void;
}) {
  const { line, onResolve } = props;
  const { t } = useWords();
  const [approval, setApproval] = useState<Approval | null>(null);
  const [isDeciding, setDeciding] = useState(false);
  const [reason, setReason] = useState('');
  const whyKey = line.why === null ? null : keyOf('bills.why', line.why);
  const isOpen = line.resolution === null && (DIFFERENCES as readonly string[]).includes(line.class);
  return (
    <li className="bill-line">
      <span className="bill-line-main">
        <strong>{t(`bills.class.${line.class}`)}</strong>
        <span className="bill-number">{line.refundNo ?? line.tradeNo ?? line.providerTradeNo}</span>
        {whyKey && <small>{t(whyKey)}</small>}
        {line.said && <small>{t(`bills.said.${line.said}`)}</small>}
        {line.resolution && (
          <small>{t(`bills.resolution.${line.resolution}`, { reason: line.reason ?? '' })}</small>
        )}
      </span>
      {line.at && <time>{dayAndTime(line.at).slice(5, 16)}</time>}
      <span className="bill-sides number">
        <span>
          {t('bills.there')} {line.amountFen === null ? '—' : `¥ ${yuanText(line.amountFen)}`}
        </span>
        <span>
          {t('bills.here')} {line.hereFen === null ? '—' : `¥ ${yuanText(line.hereFen)}`}
        </span>
      </span>
      {isOpen && !isDeciding && <Action onPress={() => setDeciding(true)}>{t('bills.resolve')}</Action>}
      {isOpen && isDeciding && (
        <form
          className="bill-decide"
          onSubmit={(event) => {
            event.preventDefault();
            if (reason.trim() !== '') onResolve(reason.trim(), approval);
          }}
        >
          <TextInput
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            placeholder={t('bills.reason')}
            aria-label={t('bills.reason')}
            maxLength={200}
            autoFocus
            classNames={{ input: 'search' }}
            variant="unstyled"
          />
          <ApprovalFields onChange={setApproval} isBusy={false} />
          <Action type="submit" kind="decide">
            {t('bills.resolve_confirm')}
          </Action>
        </form>
      )}
    </li>
  );
}
