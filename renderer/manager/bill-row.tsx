import { useState } from 'react';
import { type BillLine, DIFFERENCES } from '../../contract/bill.ts';
import type { Approval } from '../../contract/people.ts';
import { Action } from '../action.tsx';
import { keyOf, useWords } from '../i18n/index.ts';
import { yuanText } from '../money.ts';
import { dayAndTime } from '../times.ts';
import { BillDecide } from './bill-decide.tsx';

/** One line of a bill, both sides beside each other; a difference can be decided in place, with those like it. */
export function BillRow(props: {
  line: BillLine;
  /** The lines that one reason may end together with this one. */
  alike: readonly number[];
  /** Null when it went well, else why not, in words. */
  onResolve(lines: number[], reason: string, approval: Approval | null): Promise<string | null>;
}) {
  const { line, alike, onResolve } = props;
  const { t } = useWords();
  const [isDeciding, setDeciding] = useState(false);
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
        <BillDecide
          alike={alike.length}
          onCancel={() => setDeciding(false)}
          onConfirm={(withAlike, reason, approval) =>
            onResolve(withAlike ? [line.line, ...alike] : [line.line], reason, approval)
          }
        />
      )}
    </li>
  );
}
