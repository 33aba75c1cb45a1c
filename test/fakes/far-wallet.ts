import type { Asked, Provider } from '../../backend/providers/provider.ts';
import { type Clock, sleep } from '../../ports/clock.ts';

/** The same wallet, `awayMs` away: it hears of a question only then, and answers at once. */
export function farWallet(wallet: Provider, clock: Clock, awayMs: number): Provider {
  const way = (at: Asked) => sleep(clock, awayMs, at.signal);
  return {
    channel: wallet.channel,
    amountMaxFen: wallet.amountMaxFen,
    open: (request, at) => way(at).then(() => wallet.open(request, at)),
    query: (request, at) => way(at).then(() => wallet.query(request, at)),
    close: (request, at) => way(at).then(() => wallet.close(request, at)),
    cancel: (request, at) => way(at).then(() => wallet.cancel(request, at)),
    refundGapMs: wallet.refundGapMs,
    refund: (request, at) => way(at).then(() => wallet.refund(request, at)),
    refundQuery: (request, at) => way(at).then(() => wallet.refundQuery(request, at)),
    readNotification: (posted, at) => wallet.readNotification(posted, at),
    ...(wallet.bills ? { bills: wallet.bills } : {}),
    stop: () => wallet.stop(),
  };
}
