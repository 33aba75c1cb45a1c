import { useCallback, useEffect, useState } from 'react';
import type { Report } from '../../contract/report.ts';
import { Action } from '../action.tsx';
import { every } from '../clock.ts';
import { errorWords } from '../error-words.ts';
import { useWords } from '../i18n/index.ts';
import { type LinkErrorCode, linkError } from '../link-error.ts';
import { ListState } from '../lists/list-state.tsx';
import { saveFile } from '../save-file.ts';
import { useTill, useTillContext } from '../till-context.ts';
import { storeDay } from '../times.ts';
import { ReportFigures } from './report-figures.tsx';
import { OwnDays, ReportPeriods, type Wish } from './report-range.tsx';
import './reports.css';

/** What was given back, and the time of day, change the figures, too. */
const LOOK_MS = 60_000;

/** Takings of today, the week, the month or days of one's own, as figures, bars and a file. */
export default function ReportsPage() {
  const { api } = useTillContext();
  const { t, language } = useWords();
  const [wish, setWish] = useState<Wish>(() => ({ period: 'today', from: storeDay(), to: storeDay() }));
  const [shown, setShown] = useState<{ report: Report; period: Wish['period'] } | null>(null);
  const [failure, setFailure] = useState<LinkErrorCode | null>(null);
  const [isSaving, setSaving] = useState(false);
  const [attempt, setAttempt] = useState(0);
  // Whatever was paid meanwhile is to be seen: the day's takings are told to every window.
  const taken = useTill((state) => state.today?.paidCount);
  const asked = useCallback(() => {
    const { period, from, to } = wish;
    return period === 'own' ? { from, to } : { period };
  }, [wish]);

  useEffect(() => every(LOOK_MS, () => setAttempt((last) => last + 1)), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: read anew after a failure, and when something was paid.
  useEffect(() => {
    let isCurrent = true;
    api.reports.takings(asked()).then(
      (next) => {
        if (!isCurrent) return;
        setShown({ report: next, period: wish.period });
        setFailure(null);
      },
      (error: unknown) => isCurrent && setFailure(linkError(error).code),
    );
    return () => {
      isCurrent = false;
    };
  }, [api, asked, attempt, taken]);

  async function save(): Promise<void> {
    setSaving(true);
    try {
      saveFile(await api.reports.csv({ ...asked(), lang: language === 'en' ? 'en' : 'zh' }));
      setFailure(null);
    } catch (error) {
      setFailure(linkError(error).code);
    }
    setSaving(false);
  }

  return (
    <>
      <div className="report-head">
        <ReportPeriods wish={wish} onWish={setWish} />
        <Action onPress={() => void save()} busy={isSaving} testId="report-csv">
          {t('bills.csv')}
        </Action>
        {wish.period === 'own' && <OwnDays wish={wish} onWish={setWish} />}
      </div>
      {shown === null ? (
        <ListState isRead={false} failure={failure} empty={null} onAgain={() => setAttempt(attempt + 1)} />
      ) : (
        <>
          {failure && <p role="alert">{errorWords(t, failure, {})}</p>}
          <ReportFigures report={shown.report} period={shown.period} />
        </>
      )}
    </>
  );
}
