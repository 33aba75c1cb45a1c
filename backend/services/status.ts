import type { Push } from '../../contract/relay.ts';
import type { Ability, BackupStatus, OutboxStatus, TillStatus } from '../../contract/till.ts';
import { storeInstant } from '../domain/store-time.ts';
import type { Unanswered } from '../providers/provider.ts';
import type { Store } from '../store/store.ts';
import type { WalletTime } from './wallet-time.ts';
import type { WalletHealth, Wallets } from './wallets.ts';

/** Disk trouble as the screens name it; null while writing works. */
export type StorageTrouble = 'storage_full' | 'storage_readonly' | 'storage_damaged' | null;

/** What the till can do right now, and since when. */
export type StatusService = ReturnType<typeof createStatus>;

export function createStatus(deps: {
  clock: WalletTime;
  wallets: Wallets;
  store: Store;
  isRestoring(): boolean;
  push(): Push;
  backup(): BackupStatus | null;
}) {
  const { clock, wallets, store } = deps;
  const startedMs = clock.nowMs();
  let locksAwaySinceMs: number | null = null;
  let storage: { trouble: StorageTrouble; sinceMs: number } = { trouble: null, sinceMs: clock.nowMs() };

  function ability(ok: boolean, sinceMs: number, reason: Ability['reason']): Ability {
    return { ok, since: storeInstant(sinceMs), reason: ok ? null : reason };
  }

  function outbox(): OutboxStatus {
    const counts = store.outbox.counts();
    return {
      unanswered: counts.unanswered,
      oldestAt: counts.oldestMs === null ? null : storeInstant(counts.oldestMs),
      nextAt: counts.nextUnansweredMs === null ? null : storeInstant(counts.nextUnansweredMs),
      parked: counts.parked,
      refundsDue: counts.refundsDue,
      refunding: counts.refunding,
    };
  }

  function read(): TillStatus {
    const health = wallets.health();
    // One wallet that answers is enough to charge and to see its payments.
    const well = health.filter((wallet) => wallet.ok);
    const best = well[0] ?? [...health].sort((a, b) => b.sinceMs - a.sinceMs)[0];
    const isAsked = well.length > 0;
    const sinceMs = best?.sinceMs ?? storage.sinceMs;
    const reason = best ? asReason(best) : 'misconfigured';
    const canWrite = storage.trouble === null;
    const charging = () => {
      if (!canWrite) return ability(false, storage.sinceMs, storage.trouble);
      // A wallet that cannot be asked is the nearer reason: nothing else ends the restoring.
      if (isAsked && deps.isRestoring()) return ability(false, startedMs, 'restoring');
      if (isAsked && locksAwaySinceMs !== null) return ability(false, locksAwaySinceMs, 'locks');
      return ability(isAsked, sinceMs, reason);
    };
    return {
      charging: charging(),
      seesPayments: ability(isAsked, sinceMs, reason),
      push: deps.push(),
      storage: ability(canWrite, storage.sinceMs, storage.trouble),
      backup: deps.backup(),
      channels: health.map((wallet) => ({
        channel: wallet.channel,
        charging: ability(wallet.ok, wallet.sinceMs, asReason(wallet)),
        lastAnswerAt: wallet.lastAnswerMs === null ? null : storeInstant(wallet.lastAnswerMs),
      })),
      outbox: outbox(),
      clockSkewMs: clock.skewMs(),
    };
  }

  return {
    read,
    /** Notes that the place that keeps the order locks cannot be reached, or can again. */
    noteLocks(areAway: boolean): void {
      locksAwaySinceMs = areAway ? clock.nowMs() : null;
    },
    /** Notes that writing failed, or works again. Returns true when that is news. */
    noteStorage(trouble: StorageTrouble): boolean {
      if (storage.trouble === trouble) return false;
      storage = { trouble, sinceMs: clock.nowMs() };
      return true;
    },
  };
}

const REASONS: Record<Unanswered['cause'], NonNullable<Ability['reason']>> = {
  network: 'network',
  no_answer: 'network',
  server_error: 'wallet_down',
  unreadable: 'network',
  not_genuine: 'signature',
  throttled: 'throttled',
  misconfigured: 'misconfigured',
  clock: 'clock',
  unlisted: 'wallet_down',
};

function asReason(wallet: WalletHealth): Ability['reason'] {
  return wallet.cause === null ? null : REASONS[wallet.cause];
}
