import type { Channel } from '../domain/trade.ts';
import type { Answered, Unanswered } from '../providers/provider.ts';
import type { WalletTime } from './wallet-time.ts';
import type { Wallets } from './wallets.ts';

/**
 * Notes what an exchange says beside its answer: how the wallet is doing, and what time it is there. `sentMs`
 * is when the question left (monotonic). Returns true when the till's status is another than before.
 */
export type Observe = (
  channel: Channel,
  answered: Answered<{ kind: string } | Unanswered>,
  sentMs: number,
) => boolean;

export function createObserve(clock: WalletTime, wallets: Wallets): Observe {
  return (channel, answered, sentMs) => {
    const { providerDateMs } = answered.exchange;
    const corrected =
      providerDateMs !== null &&
      isFromWallet(answered.outcome) &&
      clock.observe(providerDateMs, sentMs, clock.monotonicMs());
    return wallets.observe(channel, answered, clock.nowMs()) || corrected;
  };
}

/** A captive portal's page, or a forgery, says nothing about the time. */
function isFromWallet(outcome: { kind: string } | Unanswered): boolean {
  return !('cause' in outcome) || (outcome.cause !== 'unreadable' && outcome.cause !== 'not_genuine');
}
