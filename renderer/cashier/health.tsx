import type { Ability, TillStatus } from '../../contract/till.ts';
import { useWords, type Words } from '../i18n/index.ts';
import { screenOf } from '../store/screen.ts';
import { AMOUNT_MAX_FEN } from '../store/steps.ts';
import { useTill } from '../till-context.ts';
import { age, clockTime, duration, useNow } from '../times.ts';
import { BacklogLine } from './backlog-line.tsx';
import { noticeWords } from './entry.tsx';

/** A clock this far off is said: receipts and history carry its times. The till itself goes by the wallets'. */
const CLOCK_SKEW_SAID_MS = 30_000;

/** What can be done and what cannot, each with its age. Why not is said by the strip above. */
export function Health() {
  const { t } = useWords();
  const { status, offset } = useTill((state) => ({ status: state.status, offset: state.clockOffsetMs }));
  const now = useNow(offset);
  if (status === null) return <p className="health" />;
  const answers = status.channels.flatMap((each) =>
    each.lastAnswerAt ? [Date.parse(each.lastAnswerAt)] : [],
  );
  const { charging, seesPayments, storage, push } = status;
  const since = (ability: Ability) => ({ age: age(t, now - Date.parse(ability.since)) });
  return (
    <p className="health">
      <Sign ok={charging.ok}>
        {charging.ok ? t('ability.charging') : t('ability.no_charging', since(charging))}
      </Sign>
      <Sign ok={seesPayments.ok}>
        {seesPayments.ok
          ? t(push.ok ? 'ability.sees_push' : 'ability.sees_polling')
          : t('ability.no_sees', since(seesPayments))}
      </Sign>
      {!(charging.ok && seesPayments.ok) && storage.ok && <Sign ok>{t('ability.lists')}</Sign>}
      {push.reason && push.reason !== 'not_configured' && (
        <span className="quiet">
          {t('ability.no_push', {
            age: age(t, now - Date.parse(push.since)),
            reason: t(`push.${push.reason}`),
          })}
        </span>
      )}
      {answers.length > 0 && (
        <span className="quiet">{t('ability.checked', { age: age(t, now - Math.max(...answers)) })}</span>
      )}
      {status.backup?.lastGoodAt && (
        <span className="quiet">
          {t(status.backup.sameDisk ? 'ability.backup_same_disk' : 'ability.backup', {
            age: age(t, now - Date.parse(status.backup.lastGoodAt)),
          })}
        </span>
      )}
    </p>
  );
}

function Sign({ ok, children }: { ok: boolean; children: string }) {
  return (
    <span className={ok ? 'sign-ok' : 'sign-lost'}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        {ok ? <path d="m2 6.500 2.700 2.700L10 3.500" /> : <path d="m3 3 6 6m0-6-6 6" />}
      </svg>
      {children}
    </span>
  );
}

/** Which ability is lost, since when and why; nothing while all is well. */
export function LostStrip() {
  const { t } = useWords();
  const { status, link } = useTill((state) => ({ status: state.status, link: state.link }));
  const isCounter = useTill((state) => ['idle', 'entering'].includes(screenOf(state)));
  const notice = useTill((state) => (isCounter ? null : state.notice));
  const lines = link.phase === 'down' ? [] : lostLines(t, status);
  return (
    <div>
      <div
        role="status"
        className={lines.length > 0 || notice || link.phase === 'down' ? 'strip' : undefined}
      >
        {link.phase === 'down' && (
          <p>
            <b>{t('link.down')}</b>{' '}
            {t('link.down_since', { time: clockTime(new Date(link.sinceMs).toISOString()) })}
          </p>
        )}
        {notice && <p>{noticeWords(t, notice, '', AMOUNT_MAX_FEN)}</p>}
        {lines.map((line) => (
          <p key={line}>{line}</p>
        ))}
      </div>
      {!isCounter && link.phase !== 'down' && <BacklogLine isStrip />}
    </div>
  );
}

function lostLines(t: Words, status: TillStatus | null): string[] {
  if (status === null) return [];
  const at = (since: string) => clockTime(since, 'minutes');
  const { storage, charging, channels, backup, clockSkewMs } = status;
  const lines: string[] = [];
  if (!storage.ok && storage.reason)
    lines.push(t('ability.lost.storage', { time: at(storage.since), reason: t(`reason.${storage.reason}`) }));
  else if (!charging.ok && charging.reason)
    lines.push(
      `${t('ability.lost.charging', { time: at(charging.since), reason: t(`reason.${charging.reason}`) })} ${t('ability.honest')}`,
    );
  else {
    const lost = channels.filter((each) => !each.charging.ok);
    const words = lost.map(({ channel, charging: { since, reason } }) =>
      t('ability.lost.wallet', {
        wallet: t(`wallet.${channel}`),
        time: at(since),
        reason: t(`reason.${reason ?? 'network'}`),
      }),
    );
    if (words.length > 0) lines.push(`${words.join(' ')} ${t('ability.stays')}`);
  }
  if (backup && !backup.ok && backup.reason)
    lines.push(t('ability.lost.backup', { time: at(backup.since), reason: t(`reason.${backup.reason}`) }));
  if (clockSkewMs !== null && Math.abs(clockSkewMs) >= CLOCK_SKEW_SAID_MS)
    lines.push(t(clockSkewMs > 0 ? 'clock.fast' : 'clock.slow', { by: duration(t, Math.abs(clockSkewMs)) }));
  return lines;
}
