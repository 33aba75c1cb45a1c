import { type KeyboardEvent, type PointerEvent, useState } from 'react';
import type { Channel } from '../../contract/trade.ts';
import { useWords } from '../i18n/index.ts';
import { yuanText } from '../money.ts';
import { WalletMark } from '../wallet.tsx';
import { scaleOf } from './scale.ts';

/** One bar: both wallets stacked, and what stood here in the range before. Fen. */
export interface Bar {
  /** Under the bar. */
  label: string;
  /** Of the bar on its own. */
  name: string;
  paidFen: number;
  paidCount: number;
  byChannel: readonly { channel: Channel; paidFen: number }[];
  /** Null where there is nothing to hold it against. */
  beforeFen: number | null;
}

/** So many labels have room beside each other. */
const LABELS_MAX = 24;

/**
 * Takings as bars. One is looked at: by pointing at it, or with the arrow keys; its figures stand above in words. All
 * of them stand in a table below, for whoever reads tables or cannot see bars.
 */
export function Bars({ title, bars, before }: { title: string; bars: readonly Bar[]; before: string }) {
  const { t, language } = useWords();
  // A line of the scale is whole yuan: it needs no fen.
  const short = new Intl.NumberFormat(language, { notation: 'compact' });
  const [at, setAt] = useState<number | null>(null);
  const [isTable, setTable] = useState(false);
  const { topFen, lines } = scaleOf(bars.flatMap(({ paidFen, beforeFen }) => [paidFen, beforeFen ?? 0]));
  const step = Math.ceil(bars.length / LABELS_MAX);
  const seen = at === null ? undefined : bars[at];
  const height = (fen: number) => ({ height: `${(fen / topFen) * 100}%` });

  function point({ clientX, currentTarget }: PointerEvent<HTMLElement>): void {
    const { left, width } = currentTarget.getBoundingClientRect();
    setAt(Math.max(0, Math.min(bars.length - 1, Math.floor(((clientX - left) / width) * bars.length))));
  }

  function onKey(event: KeyboardEvent): void {
    const last = bars.length - 1;
    const next = { ArrowLeft: (at ?? bars.length) - 1, ArrowRight: (at ?? -1) + 1, Home: 0, End: last }[
      event.key
    ];
    if (next === undefined) return;
    event.preventDefault();
    setAt(Math.max(0, Math.min(last, next)));
  }

  return (
    <figure className="bars">
      <figcaption>
        <h3>{title}</h3>
        <button
          type="button"
          className="bars-switch"
          aria-pressed={isTable}
          onClick={() => setTable(!isTable)}
        >
          {t('reports.as_table')}
        </button>
      </figcaption>
      <p className="bars-said" role="status">
        {seen ? <Said bar={seen} before={before} /> : <Legend bars={bars} before={before} />}
      </p>
      <div className="bars-field" hidden={isTable}>
        <div className="bars-scale" aria-hidden="true">
          {lines.map((fen) => (
            <span key={fen} style={{ bottom: `${(fen / topFen) * 100}%` }}>
              {short.format(fen / 100)}
            </span>
          ))}
        </div>
        {/* biome-ignore lint/a11y/useSemanticElements: bars are no form. */}
        <div
          className="bars-plot"
          role="group"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys walk along the bars.
          tabIndex={0}
          aria-label={t('reports.walk', { title })}
          onPointerMove={point}
          onPointerDown={point}
          onPointerLeave={({ pointerType }) => pointerType === 'mouse' && setAt(null)}
          onBlur={() => setAt(null)}
          onKeyDown={onKey}
        >
          {lines.map((fen) => (
            <i key={fen} className="bars-line" style={{ bottom: `${(fen / topFen) * 100}%` }} />
          ))}
          {bars.map((bar, index) => (
            <span key={bar.name} className="bars-column" data-seen={index === at || undefined}>
              <span className="bars-stack" style={height(bar.paidFen)}>
                {bar.byChannel.map(
                  (part) =>
                    part.paidFen > 0 && (
                      <span
                        key={part.channel}
                        className={`bars-${part.channel}`}
                        style={{ flexGrow: part.paidFen }}
                      />
                    ),
                )}
              </span>
              {bar.beforeFen !== null && bar.beforeFen > 0 && (
                <i className="bars-before" style={{ bottom: `${(bar.beforeFen / topFen) * 100}%` }} />
              )}
              {index % step === 0 && <small aria-hidden="true">{bar.label}</small>}
            </span>
          ))}
        </div>
      </div>
      <BarTable title={title} bars={bars} before={before} isSeen={isTable} />
    </figure>
  );
}

function Said({ bar, before }: { bar: Bar; before: string }) {
  const { t } = useWords();
  return (
    <>
      <b>{bar.name}</b> <b className="number">¥ {yuanText(bar.paidFen)}</b>{' '}
      <span>{t('shift.count', { count: bar.paidCount })}</span>
      {bar.byChannel.map(({ channel, paidFen }) => (
        <span key={channel} className="wallet">
          <WalletMark channel={channel} />
          <span>
            <span className="unseen">{t(`wallet.${channel}`)}</span> {yuanText(paidFen)}
          </span>
        </span>
      ))}
      {bar.beforeFen !== null && (
        <span className="quiet">
          {before} {yuanText(bar.beforeFen)}
        </span>
      )}
    </>
  );
}

function Legend({ bars, before }: { bars: readonly Bar[]; before: string }) {
  const { t } = useWords();
  const channels = [...new Set(bars.flatMap(({ byChannel }) => byChannel.map(({ channel }) => channel)))];
  return (
    <>
      {channels.sort().map((channel) => (
        <span key={channel} className="wallet">
          <WalletMark channel={channel} />
          <span>{t(`wallet.${channel}`)}</span>
        </span>
      ))}
      {bars.some(({ beforeFen }) => beforeFen !== null && beforeFen > 0) && (
        <span className="quiet">
          <i className="bars-key" /> {before}
        </span>
      )}
    </>
  );
}

function BarTable(props: { title: string; bars: readonly Bar[]; before: string; isSeen: boolean }) {
  const { t } = useWords();
  const { title, bars, before, isSeen } = props;
  const hasBefore = bars.some(({ beforeFen }) => beforeFen !== null);
  return (
    <div className={isSeen ? undefined : 'unseen'}>
      <table className="bars-table" aria-label={title}>
        <thead>
          <tr>
            <td />
            <th scope="col">{t('reports.taken')}</th>
            <th scope="col">{t('reports.count')}</th>
            {hasBefore && <th scope="col">{before}</th>}
          </tr>
        </thead>
        <tbody>
          {bars.map((bar) => (
            <tr key={bar.name}>
              <th scope="row">{bar.name}</th>
              <td>{yuanText(bar.paidFen)}</td>
              <td>{bar.paidCount}</td>
              {hasBefore && <td>{bar.beforeFen === null ? '' : yuanText(bar.beforeFen)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
