import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { yuanText } from '../money.ts';
import { tradeWord } from '../owed.ts';
import { payment, screenOfOrder } from '../store/screen.ts';
import { useTill, useTillContext } from '../till-context.ts';
import { clockTime } from '../times.ts';
import { WalletName } from '../wallet.tsx';
import { Yuan } from '../yuan.tsx';
import { BacklogLine } from './backlog-line.tsx';
import { Health } from './health.tsx';
import { Tray } from './tray.tsx';

/** Beside the keypad: what the till can do, today's sum, what was sold, what is not finished. */
export function Side() {
  return (
    <section className="side">
      <Health />
      <Today />
      <ListKeys />
      <Tray />
      <BacklogLine />
      <LastSales />
    </section>
  );
}

function ListKeys() {
  const { t } = useWords();
  const { run } = useTillContext();
  return (
    <div className="side-lists">
      <Action onPress={() => run({ do: 'orders' })} hint="F2">
        {t('header.collect')}
      </Action>
      <Action onPress={() => run({ do: 'history' })} hint="F3">
        {t('header.history')}
      </Action>
      <Action onPress={() => run({ do: 'refund' })} hint="F4" testId="refund-find">
        {t('header.refund')}
      </Action>
    </div>
  );
}

function Today() {
  const { t } = useWords();
  const today = useTill((state) => state.today);
  return (
    <div>
      <h2>
        {t('idle.today')} · {t('idle.today_count', { count: today?.paidCount ?? 0 })}
      </h2>
      <p className="today-sum">
        <Yuan fen={today?.paidFen ?? 0} />
      </p>
    </div>
  );
}

function LastSales() {
  const { t } = useWords();
  const { recent, orders, isSandbox } = useTill((state) => ({
    recent: state.recent,
    orders: state.orders,
    isSandbox: state.till?.mode === 'sandbox',
  }));
  const ended = recent
    .flatMap((orderNo) => orders[orderNo] ?? [])
    .filter((order) =>
      ['paid', 'not_paid', 'refused', 'set_aside'].includes(screenOfOrder(order, undefined)),
    );
  if (ended.length === 0 && isSandbox) return <FirstSale />;
  return (
    <div className="last">
      <h2>{t('idle.last_sales')}</h2>
      {ended.length === 0 && <p className="quiet">{t('idle.no_sales')}</p>}
      <ul className="rows">
        {ended.map((order) => {
          const paid = payment(order);
          const screen = screenOfOrder(order, undefined) as 'paid' | 'not_paid' | 'refused' | 'set_aside';
          const odd = order.charge?.trades.find((trade) => trade.incident || trade.surplus || trade.late);
          const told = odd ?? (paid && paid.refundedFen > 0 ? paid : null);
          const word = told ? tradeWord(t, told) : t(`sale.${screen}`);
          return (
            <li key={order.orderNo} className={screen === 'paid' ? '' : 'quiet'}>
              <time>{clockTime(paid?.paidAt ?? order.charge?.createdAt ?? order.createdAt, 'minutes')}</time>
              <span className="number">¥ {yuanText(order.amountFen)}</span>
              <span>{paid ? <WalletName channel={paid.channel} /> : '—'}</span>
              <span>{word}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** What a first look at the sandbox is offered: one fen, with the phone beside it. */
function FirstSale() {
  const { t } = useWords();
  const { till, run } = useTillContext();
  const phoneUrl = useTill((state) => state.till?.phoneUrl ?? null);
  return (
    <div className="first">
      <h2>{t('first.title')}</h2>
      <p>{t('first.text')}</p>
      <Action
        kind="main"
        testId="first-charge"
        onPress={() => {
          if (phoneUrl !== null) openPhone(phoneUrl);
          till.change((state) => ({ ...state, typed: '0.01' }));
          run({ do: 'charge' });
        }}
      >
        {t('first.action')}
      </Action>
    </div>
  );
}

/** The sandbox customer's phone, in a window of its own; a second call brings the same one forward. */
export function openPhone(url: string): void {
  window.open(url, 'mianfu-phone', 'popup,width=400,height=780');
}
