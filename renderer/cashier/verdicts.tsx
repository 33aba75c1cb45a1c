import type { Order } from '../../contract/order.ts';
import type { Trade } from '../../contract/trade.ts';
import { Action } from '../action.tsx';
import { errorWords } from '../error-words.ts';
import { useWords } from '../i18n/index.ts';
import { yuanText } from '../money.ts';
import { orderTail } from '../order-number.ts';
import { owedWords } from '../owed.ts';
import { parkedOfTrade } from '../store/attention.ts';
import { currentCharge, payment } from '../store/screen.ts';
import type { Sale } from '../store/state.ts';
import { useTill, useTillContext } from '../till-context.ts';
import { clockTime } from '../times.ts';
import { WalletMark } from '../wallet.tsx';
import { Yuan } from '../yuan.tsx';
import { TrayCount } from './tray.tsx';

/** The whole window says paid. */
export function Paid({ order }: { order: Order }) {
  const { run } = useTillContext();
  const { t } = useWords();
  const paid = payment(order);
  if (paid === null) return null;
  const wallet = t(`wallet.${paid.channel}`);
  const index = order.charge?.trades.findIndex((trade) => trade.tradeNo === paid.tradeNo) ?? 0;
  return (
    <section className={`stage verdict verdict-paid wipe-${index === 0 ? 'left' : 'right'}`}>
      <Warnings order={order} paid={paid} />
      <div className="verdict-top">
        <TrayCount />
      </div>
      <div className="verdict-main">
        <Tick />
        <h1>
          <WalletMark channel={paid.channel} /> {t('paid.title', { wallet })}
        </h1>
        <p className="verdict-amount" data-testid="amount">
          <Yuan fen={paid.amountFen} />
        </p>
        <p className="verdict-facts">
          <time>{clockTime(paid.paidAt ?? order.paidAt ?? order.createdAt)}</time>
          {paid.payer && <span>{t('paid.by', { payer: payerTail(paid.payer) })}</span>}
          <span>
            {t('stage.order')} …{orderTail(order.orderNo)}
          </span>
        </p>
      </div>
      <div className="verdict-foot">
        <p>{t('paid.next')}</p>
        {paid.providerTradeNo && <small>{t('paid.trade', { number: paid.providerTradeNo })}</small>}
        <Action onPress={() => run({ do: 'leave' })} hint="Enter">
          {t('action.next')}
        </Action>
      </div>
    </section>
  );
}

/** A masked phone number fits; of an opaque id only the end is of use. */
function payerTail(payer: string): string {
  return payer.length <= 20 ? payer : `…${payer.slice(-6)}`;
}

/** Amber: something about this payment asks a person to decide. */
function Warnings({ order, paid }: { order: Order; paid: Trade }) {
  const { open } = useTillContext();
  const { t } = useWords();
  const parked = useTill((state) => state.parked);
  const odd = (order.charge?.trades ?? []).flatMap((trade) => {
    const words = trade === paid || trade.surplus || trade.incident ? owedWords(t, trade) : null;
    return words === null ? [] : [{ words, entry: parkedOfTrade(parked, trade.tradeNo) }];
  });
  if (odd.length === 0) return null;
  const entry = odd.find((each) => each.entry)?.entry;
  return (
    <div className="strip strip-decide strip-act">
      <div role="alert">
        {odd.map(({ words }) => (
          <p key={words}>{words}</p>
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

function Tick() {
  return (
    <svg className="tick" viewBox="0 0 64 64" aria-hidden="true">
      <path d="m12 34 14 14 26-31" />
    </svg>
  );
}

/** Every wallet has confirmed that nobody paid and nobody can any more. */
export function NotPaid({ order }: { order: Order }) {
  const { run } = useTillContext();
  const { t } = useWords();
  return (
    <section className="stage verdict">
      <div className="verdict-top">
        <TrayCount />
      </div>
      <div className="verdict-main">
        <h1>{t('not_paid.title')}</h1>
        <p className="verdict-amount quiet" data-testid="amount">
          <Yuan fen={order.amountFen} />
        </p>
        <ul className="proofs">
          {order.charge?.trades.map((trade) => (
            <li key={trade.tradeNo}>
              <WalletMark channel={trade.channel} />
              {trade.closedAt
                ? t('not_paid.proof', {
                    wallet: t(`wallet.${trade.channel}`),
                    time: clockTime(trade.closedAt),
                  })
                : t('not_paid.refused', { wallet: t(`wallet.${trade.channel}`) })}
            </li>
          ))}
        </ul>
      </div>
      <EndedActions
        words={t('not_paid.text', { amount: yuanText(order.amountFen) })}
        onNext={() => run({ do: 'leave' })}
        onRetry={() => run({ do: 'retry' })}
      />
    </section>
  );
}

/** Nothing was ever payable: why, in plain words, and what to do. */
export function Refused({ order, sale }: { order: Order | undefined; sale: Sale | undefined }) {
  const { run } = useTillContext();
  const { t } = useWords();
  const trades = (currentCharge(order, sale)?.trades ?? []).filter((trade) => trade.refusal !== null);
  const error = sale?.error ?? null;
  const [only] = trades;
  const title =
    error || only === undefined
      ? t('refused.title_till')
      : trades.length > 1
        ? t('refused.title_both')
        : t('refused.title', { wallet: t(`wallet.${only.channel}`) });
  return (
    <section className="stage verdict">
      <div className="verdict-top">
        <TrayCount />
      </div>
      <div className="verdict-main">
        <h1>{title}</h1>
        <p className="verdict-amount quiet" data-testid="amount">
          <Yuan fen={order?.amountFen ?? sale?.amountFen ?? 0} />
        </p>
        {error && (
          <p className="verdict-words">
            {errorWords(t, error.code, error)}{' '}
            {error.retryAt && t('refused.later', { time: clockTime(error.retryAt) })}
            <small>{error.code}</small>
          </p>
        )}
        {!error && (
          <ul className="proofs">
            {trades.map((trade) => (
              <li key={trade.tradeNo}>
                <WalletMark channel={trade.channel} />
                <span>
                  {t(`refusal.${trade.refusal?.reason ?? 'other'}`)}
                  <small>
                    {trade.refusal?.providerCode} {trade.refusal?.providerMessage}
                  </small>
                </span>
              </li>
            ))}
          </ul>
        )}
      </div>
      <EndedActions
        words={t('refused.again')}
        onNext={() => run({ do: 'leave' })}
        onRetry={() => run({ do: 'retry' })}
      />
    </section>
  );
}

function EndedActions({ words, onNext, onRetry }: { words: string; onNext(): void; onRetry(): void }) {
  const { t } = useWords();
  return (
    <div className="actions">
      <Action onPress={onNext} hint="Esc">
        {t('action.next')}
      </Action>
      <p className="quiet">{words}</p>
      <Action kind="main" onPress={onRetry} hint="Enter">
        {t('action.retry')}
      </Action>
    </div>
  );
}
