import { useWords, type Words } from '../i18n/index.ts';
import { type BacklogView, backlogView } from '../store/backlog.ts';
import { useTill } from '../till-context.ts';
import { age, clockTime, useNow } from '../times.ts';

/**
 * What the wallets have not answered yet, counted down until all is known. It changes every second, so
 * that a screen reader is told of its beginning and end elsewhere.
 */
export function BacklogStrip() {
  const { t } = useWords();
  const { backlog, outbox, offset } = useTill((state) => ({
    backlog: state.backlog,
    outbox: state.status?.outbox,
    offset: state.clockOffsetMs,
  }));
  const now = useNow(offset);
  const view = backlogView(backlog, outbox, now);
  if (view === null) return null;
  if (view.phase === 'ended')
    return (
      <p className="strip strip-calm" data-testid="backlog">
        <svg className="sign-done" viewBox="0 0 12 12" aria-hidden="true">
          <path d="m2 6.500 2.700 2.700L10 3.500" />
        </svg>
        {t('backlog.ended')}
      </p>
    );
  const { phase, left, peak } = view;
  return (
    <p className="strip strip-calm" data-testid="backlog">
      {phase === 'draining' && <progress value={peak - left} max={peak} aria-label={t('backlog.progress')} />}
      <b>{phase === 'draining' ? t('backlog.left', { left, peak }) : t('backlog.open', { left })}</b>
      <span>{nextWords(t, view, now)}</span>
      {view.oldestAt && <span>{t('backlog.oldest', { time: clockTime(view.oldestAt, 'minutes') })}</span>}
    </p>
  );
}

function nextWords(t: Words, { nextAt }: Exclude<BacklogView, { phase: 'ended' }>, now: number): string {
  const leftMs = nextAt === null ? 0 : Date.parse(nextAt) - now;
  return leftMs > 500 ? t('backlog.next', { age: age(t, leftMs) }) : t('backlog.now');
}
