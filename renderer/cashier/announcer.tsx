import { useWords } from '../i18n/index.ts';
import { spokenYuan } from '../money.ts';
import { payment, screenOf } from '../store/screen.ts';
import { useTill } from '../till-context.ts';

/** What a screen reader hears: verdicts at once, everything else when it is free. */
export function Announcer() {
  const { t } = useWords();
  const { screen, order } = useTill((state) => ({
    screen: screenOf(state),
    order: state.shown === null ? undefined : state.orders[state.shown],
  }));
  const outage = useTill(({ backlog }) =>
    backlog?.isOutage ? (backlog.endedAt === null ? 'open' : 'ended') : null,
  );
  const paid = screen === 'paid' ? payment(order) : null;
  const amount = t('voice.amount', { amount: spokenYuan(order?.amountFen ?? 0) });
  const verdict = paid
    ? t('voice.paid', { wallet: t(`wallet.${paid.channel}`), amount: spokenYuan(paid.amountFen) })
    : screen === 'not_paid'
      ? t('not_paid.title')
      : screen === 'refused'
        ? t('refused.title_till')
        : '';
  const news =
    screen === 'waiting'
      ? `${t('waiting.prompt')} ${amount}${isPaying(order?.charge?.trades) ? `, ${t('waiting.paying')}` : ''}`
      : screen === 'creating'
        ? t('creating.title')
        : screen === 'checking'
          ? t('checking.text')
          : screen === 'closing'
            ? t('closing.title')
            : screen === 'set_aside'
              ? t('set_aside.title')
              : '';
  return (
    <div className="unseen">
      <p aria-live="assertive">{verdict}</p>
      <p aria-live="polite">{news}</p>
      <p aria-live="polite">{outage === null ? '' : t(`backlog.said_${outage}`)}</p>
    </div>
  );
}

function isPaying(trades: readonly { state: string }[] | undefined): boolean {
  return trades?.some((trade) => trade.state === 'paying') ?? false;
}
