import type { Order } from '../../contract/order.ts';
import type { Trade } from '../../contract/trade.ts';
import { Action } from '../action.tsx';
import { useWords, type Words } from '../i18n/index.ts';
import { parkedOfTrade } from '../store/attention.ts';
import type { Sale } from '../store/state.ts';
import { useTill, useTillContext } from '../till-context.ts';
import { age, clockTime, useNow } from '../times.ts';
import { WalletMark, WalletName } from '../wallet.tsx';
import { Yuan } from '../yuan.tsx';
import { TrayCount } from './tray.tsx';

/** An answer is missing and nothing can be scanned: calm, and no way to charge twice. */
export function Checking({ order }: { order: Order }) {
  const { run, open } = useTillContext();
  const { t } = useWords();
  const offset = useTill((state) => state.clockOffsetMs);
  const log = useTill((state) => state.attempts[order.orderNo]) ?? [];
  const parked = useTill((state) => state.parked);
  const now = useNow(offset);
  const asked = (order.charge?.trades ?? []).filter((trade) => trade.unknown !== null);
  const waiting = asked.flatMap((trade) => parkedOfTrade(parked, trade.tradeNo) ?? []);
  const [entry] = waiting;
  const isStopped = entry !== undefined && waiting.length === asked.length;
  const wallets = asked.map((trade) => t(`wallet.${trade.channel}`));
  return (
    <section className="stage verdict verdict-checking">
      <div className="verdict-top">
        <TrayCount />
      </div>
      <div className="verdict-main">
        <h1>{t(isStopped ? 'checking.stopped_title' : 'checking.title', { wallet: listed(t, wallets) })}</h1>
        <p className="verdict-amount" data-testid="amount">
          <Yuan fen={order.amountFen} />
        </p>
        <p className="verdict-words">
          <b>{t('checking.hold')}</b> {t(isStopped ? 'checking.stopped' : 'checking.text')}
        </p>
        <ul className="proofs">
          {asked.map((trade) => (
            <li key={trade.tradeNo}>
              <WalletName channel={trade.channel} />
              <span>
                {parkedOfTrade(parked, trade.tradeNo) ? t('checking.parked') : nextWords(t, trade, now)}
              </span>
              <span className="faint">
                {t('checking.asked', { count: trade.unknown?.attempts ?? 0 })},{' '}
                {t('checking.since', { time: clockTime(trade.unknown?.since ?? trade.createdAt) })}
              </span>
            </li>
          ))}
        </ul>
        {log.length > 0 && (
          <details className="log">
            <summary>{t('checking.log')}</summary>
            <ol>
              {log.toReversed().map((attempt) => (
                <li key={`${attempt.at}${attempt.channel}`}>
                  <time>{clockTime(attempt.at)}</time> {t(`wallet.${attempt.channel}`)}{' '}
                  {t(attempt.answered ? 'checking.answered' : 'checking.silent')}
                </li>
              ))}
            </ol>
          </details>
        )}
      </div>
      <div className="actions">
        <Action onPress={() => run({ do: 'cancel' })} hint="Esc">
          {t('action.cancel')}
        </Action>
        {!isStopped && (
          <Action onPress={() => run({ do: 'check' })} hint="R">
            {t('action.check')}
          </Action>
        )}
        {entry && (
          <Action kind="decide" onPress={() => open({ name: 'attention', entry })}>
            {t('attention.go')}
          </Action>
        )}
        <Action kind="main" onPress={() => run({ do: 'park' })} hint="P">
          {t('action.park')}
        </Action>
      </div>
    </section>
  );
}

function listed(t: Words, wallets: readonly string[]): string {
  return new Intl.ListFormat(t('app.name') === '面付' ? 'zh-CN' : 'en', { type: 'conjunction' }).format(
    wallets,
  );
}

function nextWords(t: Words, trade: Trade, now: number): string {
  const at = trade.unknown?.nextAskAt ?? trade.nextCheckAt;
  const leftMs = at ? Date.parse(at) - now : 0;
  return at && leftMs > 500
    ? t('checking.next', { time: clockTime(at), age: age(t, leftMs) })
    : t('checking.now');
}

/** No longer shown, not yet confirmed dead: says what can still happen, and lets the next customer come. */
export function Closing({
  order,
  sale,
  amountFen,
}: {
  order: Order | undefined;
  sale: Sale | undefined;
  amountFen: number;
}) {
  const { run } = useTillContext();
  const { t } = useWords();
  const parked = useTill((state) => state.parked);
  const isCancelled = sale?.cancelWanted || order?.state === 'cancelled';
  const trades = order?.charge?.trades ?? [];
  return (
    <section className="stage verdict">
      <div className="verdict-top">
        <TrayCount />
      </div>
      <div className="verdict-main">
        <h1>{t('closing.title')}</h1>
        <p className="verdict-amount quiet" data-testid="amount">
          <Yuan fen={amountFen} />
        </p>
        <ul className="proofs">
          {trades.length === 0 && <li>{t('closing.backend')}</li>}
          {trades.map((trade) => (
            <li key={trade.tradeNo}>
              <WalletMark channel={trade.channel} />
              {parkedOfTrade(parked, trade.tradeNo)
                ? t('closing.parked', { wallet: t(`wallet.${trade.channel}`) })
                : closingWords(t, trade)}
            </li>
          ))}
        </ul>
        <p className="verdict-words">
          {t(isCancelled ? 'closing.cancelled' : 'closing.expired')} {t('closing.next')}
        </p>
      </div>
      <div className="actions">
        <Action onPress={() => run({ do: 'check' })} hint="R">
          {t('action.check')}
        </Action>
        <Action kind="main" onPress={() => run({ do: 'leave' })} hint="Enter">
          {t('action.next')}
        </Action>
      </div>
    </section>
  );
}

function closingWords(t: Words, trade: Trade): string {
  const wallet = t(`wallet.${trade.channel}`);
  if (trade.setAside) return t('set_aside.trade', { wallet });
  if (trade.state === 'failed') return t('closing.refused', { wallet });
  if (trade.state === 'closed') return t('closing.dead', { wallet });
  return trade.payableUntil === null
    ? t('closing.asking', { wallet })
    : t('closing.until', { wallet, time: clockTime(trade.payableUntil) });
}
