import { UnstyledButton } from '@mantine/core';
import type { Charge } from '../../contract/order.ts';
import type { Channel, Trade } from '../../contract/trade.ts';
import { Action } from '../action.tsx';
import { errorWords } from '../error-words.ts';
import { useWords, type Words } from '../i18n/index.ts';
import { yuanText } from '../money.ts';
import { QrCode } from '../qr.tsx';
import { useTill, useTillContext } from '../till-context.ts';
import { age, clockTime, useNow } from '../times.ts';
import { WalletMark, WalletName } from '../wallet.tsx';
import { StageHead } from './stage-head.tsx';

/** Both wallets' codes side by side; also while they are being asked for. */
export function Waiting({
  orderNo,
  amountFen,
  charge,
}: {
  orderNo: string;
  amountFen: number;
  charge: Charge | null;
}) {
  const { run } = useTillContext();
  const { t } = useWords();
  const { focus, channels, misses, held } = useTill((state) => ({
    focus: state.focus,
    channels: state.till?.channels ?? (['alipay', 'wechat'] as const),
    misses: state.sales[orderNo]?.misses ?? 0,
    held: state.sales[orderNo]?.held,
  }));
  const hasCode = charge?.state === 'waiting';
  const tiles = charge
    ? charge.trades.map((trade) => ({ channel: trade.channel, trade }))
    : channels.map((channel) => ({ channel, trade: null }));
  return (
    <section className="stage waiting">
      <StageHead orderNo={orderNo} amountFen={amountFen} charge={charge} />
      <div className={`codes codes-${focus === null ? tiles.length : 1}`}>
        {tiles.map(({ channel, trade }) =>
          focus === null || focus === channel ? (
            <CodeTile key={channel} channel={channel} trade={trade} amountFen={amountFen} />
          ) : null,
        )}
      </div>
      {misses > 0 && charge === null && (
        <p className="strip" role="status">
          {held?.holder === undefined ? t('creating.again') : errorWords(t, 'order_busy', held)}
        </p>
      )}
      <div className="actions">
        <Action onPress={() => run({ do: 'cancel' })} hint="Esc">
          {t('action.cancel')}
        </Action>
        {hasCode && (
          <Action onPress={() => run({ do: 'check' })} hint="R">
            {t('action.check')}
          </Action>
        )}
        {hasCode && tiles.length > 1 && (
          <FocusKeys focus={focus} channels={tiles.map((tile) => tile.channel)} />
        )}
        <Action onPress={() => run({ do: 'park' })} hint="P">
          {t('action.park')}
        </Action>
      </div>
    </section>
  );
}

function FocusKeys({ focus, channels }: { focus: Channel | null; channels: readonly Channel[] }) {
  const { run } = useTillContext();
  const { t } = useWords();
  return (
    <span className="focus-keys">
      {channels.map((channel, nth) => (
        <UnstyledButton
          key={channel}
          className="action action-plain"
          data-hint={nth + 1}
          aria-pressed={focus === channel}
          aria-label={t(`wallet.${channel}`)}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => run({ do: 'focus', nth })}
        >
          <WalletMark channel={channel} />
        </UnstyledButton>
      ))}
    </span>
  );
}

function CodeTile({
  channel,
  trade,
  amountFen,
}: {
  channel: Channel;
  trade: Trade | null;
  amountFen: number;
}) {
  const { t } = useWords();
  const offset = useTill((state) => state.clockOffsetMs);
  const now = useNow(offset);
  const label = t('waiting.code_label', { wallet: t(`wallet.${channel}`), amount: yuanText(amountFen) });
  const isPaying = trade?.state === 'paying';
  return (
    <figure className="code" data-paying={isPaying || undefined}>
      <div className="code-field">
        {trade?.codeUrl ? (
          <QrCode text={trade.codeUrl} label={label} testId={`qr-${channel}`} />
        ) : (
          <NoCode channel={channel} trade={trade} />
        )}
      </div>
      <figcaption>
        <WalletName channel={channel} />
        <span className={isPaying ? 'paying' : 'quiet'}>{tileWords(t, trade, now)}</span>
      </figcaption>
    </figure>
  );
}

/** Where a code would be: what is happening, or why there is none. */
function NoCode({ channel, trade }: { channel: Channel; trade: Trade | null }) {
  const { t } = useWords();
  const wallet = t(`wallet.${channel}`);
  if (trade?.refusal)
    return (
      <div className="no-code">
        <p>{t(`refusal.${trade.refusal.reason}`)}</p>
        <small>{trade.refusal.providerCode}</small>
      </div>
    );
  const isClosed = trade?.state === 'closed' || trade?.state === 'closing';
  return (
    <div className={isClosed ? 'no-code' : 'no-code no-code-asking'}>
      <p>{isClosed ? tileWords(t, trade, 0) : t('creating.asking', { wallet })}</p>
    </div>
  );
}

function tileWords(t: Words, trade: Trade | null, now: number): string {
  if (trade === null) return t('waiting.creating');
  switch (trade.state) {
    case 'paying':
      return t('waiting.paying');
    case 'awaiting_payment':
      if (trade.unknown && trade.unknown.attempts > 0)
        return t('waiting.unsure', { time: clockTime(trade.unknown.since) });
      return trade.lastCheckedAt === null
        ? t('waiting.not_checked')
        : t('waiting.checked', { age: age(t, now - Date.parse(trade.lastCheckedAt)) });
    case 'created':
      return t(trade.unknown ? 'waiting.checking' : 'waiting.creating');
    case 'closing':
      return t('waiting.closing');
    case 'closed':
      return t('waiting.closed');
    case 'failed':
      return t('waiting.failed');
    case 'paid':
      return t('sale.paid');
  }
}
