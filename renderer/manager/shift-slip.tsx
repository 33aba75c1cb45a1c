import { useState } from 'react';
import type { Shift } from '../../contract/shift.ts';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { yuanText } from '../money.ts';
import { canMakePdf, pdfOfWindow } from '../pdf.ts';
import { saveFile } from '../save-file.ts';
import { useTill, useTillContext } from '../till-context.ts';
import { dayAndTime } from '../times.ts';

/** What is printed when a shift is closed: black on white, also on a dark screen. `next`: who took it over. */
export function ShiftSlip({ shift, next }: { shift: Shift; next: string | null }) {
  const { api } = useTillContext();
  const { t } = useWords();
  const [failure, setFailure] = useState<string | null>(null);
  const till = useTill((state) => state.till);
  const rows: [string, string][] = [
    [t('shift.till'), till?.tillId ?? ''],
    [t('shift.number'), String(shift.shiftId)],
    [t('shift.opened'), named(dayAndTime(shift.openedAt), shift.openedBy)],
    [t('shift.closed_at'), named(shift.closedAt ? dayAndTime(shift.closedAt) : '', shift.closedBy)],
    ...shift.totals.byChannel.flatMap((each): [string, string][] => [
      [
        `${t(`wallet.${each.channel}`)} · ${t('shift.count', { count: each.paidCount })}`,
        `¥ ${yuanText(each.paidFen)}`,
      ],
      ...(each.refundedCount > 0
        ? [
            [
              `${t(`wallet.${each.channel}`)} · ${t('shift.refunds', { count: each.refundedCount })}`,
              `−¥ ${yuanText(each.refundedFen)}`,
            ] satisfies [string, string],
          ]
        : []),
    ]),
  ];
  const attempt = (work: Promise<unknown>) => {
    setFailure(null);
    work.then(
      () => {},
      () => setFailure(t('shift.not_saved')),
    );
  };
  return (
    <>
      <div className="slip-actions">
        <Action kind="main" onPress={() => window.print()} testId="slip-print">
          {t(canMakePdf() ? 'shift.print_alone' : 'shift.print')}
        </Action>
        {canMakePdf() && (
          <Action
            onPress={() => attempt(pdfOfWindow(`shift-${shift.shiftId}.pdf`).then(saveFile))}
            testId="slip-pdf"
          >
            {t('shift.pdf')}
          </Action>
        )}
        <Action
          onPress={() =>
            attempt(
              api.shifts
                .csv({ shiftId: shift.shiftId })
                .then(({ fileName, text }) => saveFile(new File([text], fileName, { type: 'text/csv' }))),
            )
          }
          testId="slip-csv"
        >
          {t('shift.csv')}
        </Action>
      </div>
      {failure !== null && <p role="alert">{failure}</p>}
      <article className="slip" aria-label={t('shift.slip')}>
        <h3>
          {till?.shopName} · {t('shift.slip')}
        </h3>
        <dl>
          {rows.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
          <div className="slip-sum">
            <dt>
              {t('shift.taken')} · {t('shift.count', { count: shift.totals.paidCount })}
            </dt>
            <dd>¥ {yuanText(shift.totals.paidFen)}</dd>
          </div>
          {shift.totals.refundedCount > 0 && (
            <div>
              <dt>{t('shift.given_back', { count: shift.totals.refundedCount })}</dt>
              <dd>−¥ {yuanText(shift.totals.refundedFen)}</dd>
            </div>
          )}
          {shift.unfinished > 0 && (
            <div>
              <dt>{t('shift.unfinished', { unfinished: shift.unfinished })}</dt>
              <dd>{shift.reason}</dd>
            </div>
          )}
        </dl>
        {shift.ledgerHead && (
          <p className="slip-ledger">
            {t('shift.ledger', { seq: shift.ledgerHead.seq })}
            <code>{shift.ledgerHead.hash.replace(/(.{16})(?=.)/g, '$1 ')}</code>
          </p>
        )}
        <div className="slip-signs">
          <p className="slip-sign">{t('shift.sign')}</p>
          {next !== null && <p className="slip-sign">{t('shift.sign_next', { name: next })}</p>}
        </div>
      </article>
    </>
  );
}

function named(at: string, name: string | null): string {
  return name === null ? at : `${at} ${name}`;
}
