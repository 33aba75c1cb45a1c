import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import '../field.css';

const PERIODS = ['today', 'week', 'month', 'own'] as const;
/** What the page shows: up to now, or days of one's own. */
export interface Wish {
  period: (typeof PERIODS)[number];
  from: string;
  to: string;
}

interface Choice {
  wish: Wish;
  onWish(wish: Wish): void;
}

export function ReportPeriods({ wish, onWish }: Choice) {
  const { t } = useWords();
  return (
    <div className="report-range">
      {PERIODS.map((period) => (
        <Action
          key={period}
          pressed={wish.period === period}
          onPress={() => onWish({ ...wish, period })}
          testId={`report-${period}`}
        >
          {t(`reports.period.${period}`)}
        </Action>
      ))}
    </div>
  );
}

/** The first and the last day; a range never runs backwards: its other end comes along. */
export function OwnDays({ wish, onWish }: Choice) {
  const { t } = useWords();
  const day = (end: 'from' | 'to') => (
    <input
      type="date"
      className="field"
      aria-label={t(`reports.${end}`)}
      value={wish[end]}
      data-testid={`report-${end}`}
      onChange={({ currentTarget: { value } }) => {
        if (value === '') return;
        const from = end === 'from' || value < wish.from ? value : wish.from;
        const to = end === 'to' || value > wish.to ? value : wish.to;
        onWish({ period: 'own', from, to });
      }}
    />
  );
  return (
    <div className="report-own">
      {day('from')} – {day('to')}
    </div>
  );
}
