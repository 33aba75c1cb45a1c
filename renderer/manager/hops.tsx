import { Fragment } from 'react';
import type { RelayStatus, RelayTest } from '../../contract/relay.ts';
import { useWords, type Words } from '../i18n/index.ts';
import type { LinkErrorCode } from '../link-error.ts';

/** What was tried last: nothing, a trial under way, or how it ended. */
export type Trial = 'none' | 'under_way' | RelayTest | LinkErrorCode;

/** How one hop stands: nothing is known of it, it is being tried, it holds, or nothing passes. */
type Standing = 'unknown' | 'trying' | 'ok' | 'broken';

interface Hop {
  standing: Standing;
  words: string;
}

/** The way of a payment's news as a picture: the wallets' address, the relay, this till, and how each hop stands. */
export function Hops({ status, trial }: { status: RelayStatus; trial: Trial }) {
  const { t } = useWords();
  const { push, url, till } = status;
  const tested = typeof trial === 'object' ? trial : null;
  const isTrying = trial === 'under_way';
  const stations = [
    { name: t('hops.wallets'), detail: t(isTrying || tested ? 'hops.played' : 'hops.both') },
    { name: t('hops.relay'), detail: url === null ? t('hops.no_relay') : hostOf(url) },
    { name: t('hops.till'), detail: till },
  ];
  const hops = [firstHop(t, tested, isTrying), secondHop(t, push, tested, isTrying)];
  const failure = typeof trial === 'string' && trial !== 'none' && !isTrying ? trial : null;
  return (
    <figure className="hops" aria-labelledby="hops-words">
      <div className="hops-row">
        {stations.map(({ name, detail }, index) => (
          <Fragment key={name}>
            <div className="hops-station">
              <b>{name}</b>
              <small>{detail}</small>
            </div>
            {hops[index] && <Link {...hops[index]} />}
          </Fragment>
        ))}
      </div>
      <figcaption id="hops-words" role="status">
        {failure ? t(`errors.${failure}`) : verdict(t, push.ok, tested, isTrying)}
      </figcaption>
    </figure>
  );
}

function Link({ standing, words }: Hop) {
  return (
    <div className={`hops-link hops-${standing}`}>
      <svg viewBox="0 0 120 24" preserveAspectRatio="none" aria-hidden="true">
        <line x1="0" y1="12" x2={standing === 'broken' ? 48 : 120} y2="12" />
        {standing === 'broken' && <line x1="72" y1="12" x2="120" y2="12" />}
      </svg>
      <span className="hops-mark">
        {standing === 'ok' && (
          <svg viewBox="0 0 12 12" aria-hidden="true">
            <path d="m2 6.500 2.700 2.700L10 3.500" />
          </svg>
        )}
        {standing === 'broken' && (
          <svg viewBox="0 0 12 12" aria-hidden="true">
            <path d="m3 3 6 6m0-6-6 6" />
          </svg>
        )}
        {standing === 'trying' && '…'}
      </span>
      <small>{words}</small>
    </div>
  );
}

/** From who calls the notify address to the relay: only a test tells. */
function firstHop(t: Words, tested: RelayTest | null, isTrying: boolean): Hop {
  if (isTrying) return { standing: 'trying', words: t('hops.posting') };
  if (tested === null || tested.failedHop === 'connection')
    return { standing: 'unknown', words: t('hops.not_tried') };
  if (tested.failedHop !== 'notify_address') return { standing: 'ok', words: t('hops.stored') };
  const { httpStatus } = tested;
  return {
    standing: 'broken',
    words: httpStatus === null ? t('hops.no_answer') : t('hops.status', { status: httpStatus }),
  };
}

/** From the relay to this till: the connection tells, and a test tells more. */
function secondHop(t: Words, push: RelayStatus['push'], tested: RelayTest | null, isTrying: boolean): Hop {
  if (!push.ok) return { standing: 'broken', words: t('hops.not_connected') };
  if (isTrying) return { standing: 'trying', words: t('hops.awaiting') };
  if (tested?.failedHop === 'delivery') return { standing: 'broken', words: t('hops.not_arrived') };
  if (tested?.ok) return { standing: 'ok', words: t('hops.arrived', { ms: tested.tookMs ?? 0 }) };
  return { standing: 'ok', words: t('hops.connected') };
}

function verdict(t: Words, isConnected: boolean, tested: RelayTest | null, isTrying: boolean): string {
  if (isTrying) return t('hops.verdict.trying');
  if (tested === null) return t(isConnected ? 'hops.verdict.connected' : 'hops.verdict.polling');
  return tested.failedHop === null ? t('hops.verdict.ok') : t(`hops.verdict.${tested.failedHop}`);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
