import type { Channel } from '../domain/trade.ts';
import type { Answered, Provider, Unanswered } from '../providers/provider.ts';

/** How one wallet has been answering, kept in memory: it is measured anew after a restart. */
export interface WalletHealth {
  channel: Channel;
  ok: boolean;
  sinceMs: number;
  cause: Unanswered['cause'] | null;
  lastAnswerMs: number | null;
}

/**
 * The configured wallets and how they are doing. A wallet is well while its last question was answered
 * with a good signature, whatever the answer said.
 */
export type Wallets = ReturnType<typeof createWallets>;

/** `onAnswer` hears of every exchange: its channel, and its outcome's kind or the cause of silence. */
export function createWallets(
  providers: readonly Provider[],
  nowMs: number,
  onAnswer: (channel: Channel, outcome: string) => void = () => {},
) {
  const byChannel = new Map(providers.map((provider) => [provider.channel, provider]));
  const health = new Map<Channel, WalletHealth>(
    providers.map(({ channel }) => [
      channel,
      { channel, ok: true, sinceMs: nowMs, cause: null, lastAnswerMs: null },
    ]),
  );

  return {
    channels: [...byChannel.keys()],
    provider(channel: Channel): Provider | undefined {
      return byChannel.get(channel);
    },
    health(): WalletHealth[] {
      return [...health.values()];
    },
    /** Notes an outcome. Returns true when the wallet's state changed. */
    observe(channel: Channel, answered: Answered<{ kind: string } | Unanswered>, nowMs: number): boolean {
      const known = health.get(channel);
      if (!known) return false;
      const { outcome } = answered;
      const cause = outcome.kind === 'unknown' && 'cause' in outcome ? outcome.cause : null;
      onAnswer(channel, cause ?? outcome.kind);
      if (cause === null) known.lastAnswerMs = nowMs;
      if (known.ok === (cause === null) && known.cause === cause) return false;
      if (known.ok !== (cause === null)) known.sinceMs = nowMs;
      known.ok = cause === null;
      known.cause = cause;
      return true;
    },
  };
}
