import type { Shift } from '../../contract/shift.ts';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { yuanText } from '../money.ts';
import { useTill } from '../till-context.ts';
import { dayAndTime } from '../times.ts';

/** What is printed when a shift is closed: black on white, also on a dark screen. */
export function ShiftSlip({ shift }: { shift: Shift }) {
  const { t } = useWords();
  const till = useTill((state) => state.till);
  const rows: [string, string][] = [
    [t('shift.till'), till?.tillId ?? ''],
    [t('shift.number'), String(shift.shiftId)],
    [t('shift.opened'), named(dayAndTime(shift.openedAt), shift.openedBy)],
    [t('shift.closed_at'), named(shift.closedAt ? dayAndTime(shift.closedAt) : '', shift.closedBy)],
    ...shift.totals.byChannel.map((each): [string, string] => [
      `${t(`wallet.${each.channel}`)} · ${t('shift.count', { count: each.paidCount })}`,
      `¥ ${yuanText(each.paidFen)}`,
    ]),
  ];
  return (
    <>
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
              <dt>
                {t('shift.refunded')} · {t('shift.count', { count: shift.totals.refundedCount })}
              </dt>
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
        <p className="slip-sign">{t('shift.sign')}</p>
      </article>
      <Action kind="main" onPress={() => window.print()} testId="slip-print">
        {t('shift.print')}
      </Action>
    </>
  );
}

function named(at: string, name: string | null): string {
  return name === null ? at : `${at} ${name}`;
}
