import { UnstyledButton } from '@mantine/core';
import { useWords, type Words } from '../i18n/index.ts';
import { yuanText } from '../money.ts';
import { parkedOfTrade } from '../store/attention.ts';
import { payment, type TrayEntry, tray } from '../store/screen.ts';
import type { TillState } from '../store/state.ts';
import { useTill, useTillContext } from '../till-context.ts';
import { clockTime } from '../times.ts';

const select = (state: TillState) => ({
  orders: state.orders,
  sales: state.sales,
  shown: state.shown,
  unseenPaid: state.unseenPaid,
  parked: state.parked,
});

/** What is not finished, with its place and count; a tap brings it back to the stage. */
export function Tray() {
  const { t } = useWords();
  const { till } = useTillContext();
  const state = useTill(select);
  const entries = tray({ ...till.store.getState(), ...state });
  if (entries.length === 0) return null;
  return (
    <div className="tray" data-testid="tray">
      <h2>{t('tray.title', { count: entries.length })}</h2>
      <ul>
        {entries.map((entry) => (
          <li key={entry.orderNo}>
            <UnstyledButton
              className={`tray-entry ${entry.screen === 'paid' ? 'tray-paid' : ''}`}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => till.show(entry.orderNo)}
            >
              <time>{startTime(entry)}</time>
              <span className="number">¥ {yuanText(entry.amountFen)}</span>
              <span>{trayWords(t, entry, state.parked)}</span>
            </UnstyledButton>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** How many are waiting, where there is no room for the list. */
export function TrayCount() {
  const { t } = useWords();
  const { till } = useTillContext();
  const state = useTill(select);
  const entries = tray({ ...till.store.getState(), ...state });
  if (entries.length === 0) return null;
  const hasNews = entries.some((entry) => entry.screen === 'paid');
  return (
    <UnstyledButton
      className={`tray-count ${hasNews ? 'tray-paid' : ''}`}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => till.run({ do: 'park' })}
    >
      {t('tray.title', { count: entries.length })}
    </UnstyledButton>
  );
}

function startTime({ order }: TrayEntry): string {
  const at = order?.charge?.createdAt ?? order?.createdAt;
  return at === undefined ? '' : clockTime(at, 'minutes');
}

function trayWords(t: Words, { screen, order }: TrayEntry, parked: TillState['parked']): string {
  const trades = order?.charge?.trades ?? [];
  const paid = payment(order);
  if (screen === 'paid')
    return paid?.late || paid?.surplus
      ? t('tray.late')
      : t('tray.paid', {
          time: clockTime(paid?.paidAt ?? order?.paidAt ?? order?.createdAt ?? '', 'minutes'),
        });
  if (screen === 'waiting' && trades.some((trade) => trade.state === 'paying')) return t('tray.paying');
  if (trades.some((trade) => parkedOfTrade(parked, trade.tradeNo))) return t('tray.parked');
  const unknown = trades.find((trade) => trade.unknown !== null);
  if (screen === 'checking')
    return t('tray.checking', { wallet: t(`wallet.${unknown?.channel ?? 'alipay'}`) });
  if (screen === 'idle' || screen === 'entering') return '';
  return t(`tray.${screen}`);
}
