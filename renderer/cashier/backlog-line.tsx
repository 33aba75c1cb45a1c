import { useWords, type Words } from '../i18n/index.ts';
import { type BacklogView, backlogView } from '../store/backlog.ts';
import { useTill } from '../till-context.ts';
import { age, clockTime, useNow } from '../times.ts';

/**
 * What the wallets have not answered yet, counted down until all is known: beside the keypad, or as a strip
 * where there is no room. It changes every second, so that a screen reader is told of its beginning and end
 * elsewhere.
 */
export function BacklogLine({ isStrip = false }: { isStrip?: boolean }) {
  const { t } = useWords();
  const { backlog, outbox, offset } = useTill((state) => ({
    backlog: state.backlog,
    outbox: state.status?.outbox,
    offset: state.clockOffsetMs,
  }));
  const now = useNow(offset);
  const view = backlogView(backlog, outbox, now);
  if (view === null) return null;
  return (
    <div className={isStrip ? 'strip strip-calm' : 'backlog'} data-testid="backlog">
      {view.phase === 'ended' ? (
        <p className="sign-ok">
          <svg viewBox="0 0 12 12" aria-hidden="true">
            <path d="m2 6.500 2.700 2.700L10 3.500" />
          </svg>
          {t('backlog.ended')}
        </p>
      ) : (
        <Left view={view} now={now} />
      )}
    </div>
  );
}

function Left({ view, now }: { view: Exclude<BacklogView, { phase: 'ended' }>; now: number }) {
  const { t } = useWords();
  const { phase, left, peak, oldestAt, nextAt } = view;
  const isDraining = phase === 'draining';
  return (
    <>
      <b>{isDraining ? t('backlog.left', { left, peak }) : t('backlog.open', { left })}</b>
      {isDraining && <progress value={peak - left} max={peak} aria-label={t('backlog.progress')} />}
      <p className="backlog-facts">
        <span>{nextWords(t, nextAt, now)}</span>
        {oldestAt && <span>{t('backlog.oldest', { time: clockTime(oldestAt, 'minutes') })}</span>}
      </p>
    </>
  );
}

function nextWords(t: Words, nextAt: string | null, now: number): string {
  const leftMs = nextAt === null ? 0 : Date.parse(nextAt) - now;
  return leftMs > 500 ? t('backlog.next', { age: age(t, leftMs) }) : t('backlog.now');
}
