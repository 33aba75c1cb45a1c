import type { Report } from '../../contract/report.ts';
import { useWords, type Words } from '../i18n/index.ts';
import { Fact } from '../lists/fact.tsx';
import { grouped, yuanText } from '../money.ts';
import { duration } from '../times.ts';
import { Yuan } from '../yuan.tsx';
import { Bars } from './bars.tsx';
import { dayBars, hourBars, isByMonth, rangeWords } from './report-bars.ts';
import type { Wish } from './report-range.tsx';
import { Shares } from './shares.tsx';

/** A report on the page: what was taken, what it means beside the range before, and where it came from. */
export function ReportFigures({ report, period }: { report: Report; period: Wish['period'] }) {
  const { t, language } = useWords();
  const { totals, previous, wait } = report;
  const before = t(`reports.before.${period}`);
  const isAny = [...report.byHour, ...previous.byHour].some(({ paidFen }) => paidFen > 0);
  const { refundPer10000: part } = totals;
  const isTrace = part !== null && part < 10 && totals.refundedFen > 0;
  const rate = part === null ? null : isTrace ? '< 0.1 %' : `${Math.round(part / 10) / 10} %`;
  return (
    <>
      <section className="report-sum" aria-label={t('reports.taken')}>
        <p className="report-amount">
          <Yuan fen={totals.paidFen} />
        </p>
        <p>
          <Change now={totals.paidFen} before={previous.totals.paidFen} />{' '}
          <span className="quiet">
            {previous.isPart ? t('reports.so_far', { before }) : before} ({rangeWords(previous)}) ¥{' '}
            {yuanText(previous.totals.paidFen)}
          </span>
        </p>
      </section>
      <dl className="report-facts">
        <Fact name={t('reports.count')} value={grouped(String(totals.paidCount))} />
        <Fact
          name={t('reports.mean')}
          value={totals.meanFen === null ? null : `¥ ${yuanText(totals.meanFen)}`}
        />
        <Fact
          name={t('reports.refunded')}
          value={[
            `¥ ${yuanText(totals.refundedFen)}`,
            t('reports.refunds', { count: totals.refundedCount }),
            rate,
          ]
            .filter(Boolean)
            .join(' · ')}
        />
        <Fact
          name={t('reports.wait')}
          value={
            wait && t('reports.wait_said', { half: duration(t, wait.p50Ms), most: duration(t, wait.p95Ms) })
          }
        />
        <Fact
          name={t('reports.late')}
          value={totals.lateCount === 0 ? null : counted(t, totals.lateFen, totals.lateCount)}
        />
        <Fact
          name={t('reports.surplus')}
          value={totals.surplusCount === 0 ? null : counted(t, totals.surplusFen, totals.surplusCount)}
        />
      </dl>
      {totals.paidCount === 0 && <p className="list-note">{t('reports.empty')}</p>}
      {isAny && report.byDay.length > 1 && (
        <Bars
          title={t(isByMonth(report) ? 'reports.by_month' : 'reports.by_day')}
          bars={dayBars(report, language)}
          before={before}
        />
      )}
      {isAny && <Bars title={t('reports.by_hour')} bars={hourBars(report)} before={before} />}
      {totals.paidCount > 0 && (
        <div className="report-shares">
          <Shares
            title={t('reports.by_channel')}
            shares={report.byChannel.map((each) => ({
              key: each.channel,
              name: t(`wallet.${each.channel}`),
              channel: each.channel,
              paidFen: each.paidFen,
              paidCount: each.paidCount,
            }))}
          />
          <Shares
            title={t('reports.by_cashier')}
            shares={report.byCashier.map((each) => ({
              key: each.cashier ?? '',
              name: cashierName(t, each),
              paidFen: each.paidFen,
              paidCount: each.paidCount,
            }))}
          />
        </div>
      )}
    </>
  );
}

function cashierName(t: Words, { kind, name }: Report['byCashier'][number]): string {
  if (kind === 'integrator') return t('filter.api', { name: name ?? '' });
  return kind === 'till' ? t('shift.nobody') : (name ?? '');
}

/** More or less than before, with a sign and in words for whoever listens. */
function Change({ now, before }: { now: number; before: number }) {
  const { t } = useWords();
  if (before === 0) return null;
  const tenths = Math.round(((now - before) / before) * 1_000);
  const percent = `${Math.abs(tenths) / 10} %`;
  const word = tenths === 0 ? 'same' : tenths > 0 ? 'more' : 'less';
  return <b className="report-change">{t(`reports.${word}`, { percent })}</b>;
}

function counted(t: Words, fen: number, count: number): string {
  return `¥ ${yuanText(fen)} · ${t('shift.count', { count })}`;
}
