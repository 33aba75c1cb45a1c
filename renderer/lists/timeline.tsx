import { type ReactNode, useEffect, useState } from 'react';
import type { Refund } from '../../contract/refund.ts';
import type { TimelineEntry, Trade } from '../../contract/trade.ts';
import { Action } from '../action.tsx';
import { keyOf, useWords, type Words } from '../i18n/index.ts';
import { type LinkErrorCode, linkError } from '../link-error.ts';
import { yuanText } from '../money.ts';
import { owedWords, stateWord } from '../owed.ts';
import { parkedOfTrade } from '../store/attention.ts';
import { useTill, useTillContext } from '../till-context.ts';
import { clockTime, dayAndTime } from '../times.ts';
import { WalletName } from '../wallet.tsx';
import { Yuan } from '../yuan.tsx';
import { headline } from './attention-words.ts';
import { Fact } from './fact.tsx';
import { ListState } from './list-state.tsx';
import { Refunds } from './refunds.tsx';

interface Opened {
  trade: Trade;
  refunds: readonly Refund[];
  timeline: readonly TimelineEntry[];
}

/** One trade: what became of it and when, with the wallet's answers folded away; `tools` is what can be done with it. */
export function Timeline(props: {
  tradeNo: string;
  tools?(trade: Trade): ReactNode;
  /** A dialog above it is open or shut: Esc is its own. */
  onAsking?(isAsking: boolean): void;
  /** It was looked up to be given back: the dialog opens with it. */
  asksRefund?: boolean;
}) {
  const { tradeNo, tools, onAsking, asksRefund = false } = props;
  const { api } = useTillContext();
  const { t } = useWords();
  const [opened, setOpened] = useState<Opened | null>(null);
  const [failure, setFailure] = useState<LinkErrorCode | null>(null);
  const [attempt, setAttempt] = useState(0);
  const orderNo = opened?.trade.orderNo ?? '';
  // What happens to its order, a refund for one, is read as it happens.
  const order = useTill((state) => state.orders[orderNo] ?? null);
  useEffect(() => {
    let isCurrent = attempt >= 0 && order !== undefined;
    api.trades.get({ tradeNo }).then(
      (next) => {
        if (!isCurrent) return;
        setOpened(next);
        setFailure(null);
      },
      (error) => isCurrent && setFailure(linkError(error).code),
    );
    return () => {
      isCurrent = false;
    };
  }, [api, tradeNo, attempt, order]);
  if (opened === null)
    return (
      <ListState isRead={false} failure={failure} empty={null} onAgain={() => setAttempt(attempt + 1)} />
    );
  const { trade, refunds, timeline } = opened;
  return (
    <article className="trade">
      <header>
        <WalletName channel={trade.channel} />
        <p className="trade-amount">
          <Yuan fen={trade.amountFen} />
        </p>
        <p>{stateWord(t, trade)}</p>
      </header>
      <TradeNotice trade={trade} />
      {tools?.(trade)}
      <dl>
        <Fact name={t('history.order')} value={trade.orderNo} />
        <Fact name={t('history.trade')} value={trade.tradeNo} />
        <Fact name={t('history.provider')} value={trade.providerTradeNo} />
        <Fact name={t('history.payer')} value={trade.payer} />
        {trade.paidAt === null ? (
          <Fact name={t('history.expires')} value={dayAndTime(trade.expiresAt)} />
        ) : (
          <Fact name={t('history.paid_at')} value={dayAndTime(trade.paidAt)} />
        )}
      </dl>
      <Refunds
        startsAsking={asksRefund}
        trade={trade}
        refunds={refunds}
        onAsking={(isAsking) => onAsking?.(isAsking)}
        onChanged={() => setAttempt(attempt + 1)}
      />
      <h3>{t('history.timeline')}</h3>
      <ol className="timeline">
        {timeline.map((entry, index) => (
          <Entry key={keyOfEntry(entry, index)} entry={entry} />
        ))}
      </ol>
    </article>
  );
}

/** Entries are only ever added at the end, and two may look the same. */
function keyOfEntry(entry: TimelineEntry, index: number): string {
  return `${index} ${entry.at}`;
}

/** The wallet's word inside an outcome such as `evidence:TRADE_SUCCESS`; null when it says nothing more. */
function outcomeCode(outcome: string): string | null {
  return outcome.split(':')[1] ?? null;
}

/** What is to be done about this trade, and by whom. */
function TradeNotice({ trade }: { trade: Trade }) {
  const { open } = useTillContext();
  const { t } = useWords();
  const entry = useTill((state) => parkedOfTrade(state.parked, trade.tradeNo));
  const owed = owedWords(t, trade) ?? (entry ? headline(t, entry) : null);
  const ended =
    trade.setAside &&
    t('set_aside.reason', {
      time: dayAndTime(trade.setAside.at).slice(0, 16),
      reason: trade.setAside.reason,
    });
  const lines = [owed, ended].filter((line) => line !== null);
  if (lines.length === 0) return null;
  return (
    <div className={owed || entry ? 'trade-notice' : 'trade-notice trade-notice-calm'}>
      <div>
        {lines.map((line) => (
          <p key={line}>{line}</p>
        ))}
      </div>
      {entry && (
        <Action kind="decide" onPress={() => open({ name: 'attention', entry })}>
          {t('attention.go')}
        </Action>
      )}
    </div>
  );
}

function doerWords(t: Words, { name, approvedBy }: NonNullable<TimelineEntry['by']>): string {
  return approvedBy === null || approvedBy === name
    ? name
    : t('history.by_approved', { name, approver: approvedBy });
}

function Entry({ entry }: { entry: TimelineEntry }) {
  const { t } = useWords();
  const { exchange } = entry;
  const key = keyOf('what', entry.what);
  return (
    <li className={`timeline-${entry.kind}`}>
      <time>{clockTime(entry.at)}</time>
      <div>
        <p className={exchange ? '' : 'timeline-turn'}>
          {key ? t(key) : entry.toState ? t(`state.${entry.toState}`) : entry.what}
          {/* Of several refunds, which one. */}
          {entry.refund && <span className="number"> ¥ {yuanText(entry.refund.amountFen)}</span>}
        </p>
        {entry.by && <p className="quiet">{doerWords(t, entry.by)}</p>}
        {exchange && (
          <p className="quiet">
            {[outcomeCode(exchange.outcome) ?? exchange.providerCode, exchange.httpStatus]
              .filter((each) => each !== null)
              .join(' · ')}
            {' · '}
            {t('history.took', { ms: exchange.durationMs })}
          </p>
        )}
        {entry.reason && <p className="timeline-reason">{t('history.reason', { reason: entry.reason })}</p>}
        {exchange?.answer && (
          <details>
            <summary>{t('history.raw')}</summary>
            <pre>{exchange.answer}</pre>
            {exchange.requestId && <small>{exchange.requestId}</small>}
          </details>
        )}
      </div>
    </li>
  );
}
