import type { Order } from '../../contract/order.ts';
import type { Trade } from '../../contract/trade.ts';
import { Action } from '../action.tsx';
import { useWords, type Words } from '../i18n/index.ts';
import { useTillContext } from '../till-context.ts';
import { clockTime } from '../times.ts';
import { WalletMark } from '../wallet.tsx';
import { Yuan } from '../yuan.tsx';
import { TrayCount } from './tray.tsx';

/** A person ended the asking: what they said, and that no wallet has said anything. */
export function SetAside({ order }: { order: Order }) {
  const { run } = useTillContext();
  const { t } = useWords();
  return (
    <section className="stage verdict">
      <div className="verdict-top">
        <TrayCount />
      </div>
      <div className="verdict-main">
        <h1>{t('set_aside.title')}</h1>
        <p className="verdict-amount quiet" data-testid="amount">
          <Yuan fen={order.amountFen} />
        </p>
        <ul className="proofs">
          {order.charge?.trades.map((trade) => (
            <li key={trade.tradeNo}>
              <WalletMark channel={trade.channel} />
              <span>{trade.setAside ? endedWords(t, trade.setAside) : provenWords(t, trade)}</span>
            </li>
          ))}
        </ul>
        <p className="verdict-words">{t('set_aside.text')}</p>
      </div>
      <div className="actions">
        <Action kind="main" onPress={() => run({ do: 'leave' })} hint="Enter">
          {t('action.next')}
        </Action>
      </div>
    </section>
  );
}

function endedWords(t: Words, { at, reason }: NonNullable<Trade['setAside']>): string {
  return t('set_aside.reason', { time: clockTime(at, 'minutes'), reason });
}

function provenWords(t: Words, trade: Trade): string {
  const wallet = t(`wallet.${trade.channel}`);
  return trade.closedAt
    ? t('not_paid.proof', { wallet, time: clockTime(trade.closedAt) })
    : t('not_paid.refused', { wallet });
}
