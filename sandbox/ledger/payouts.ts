import { type Clock, SECOND } from '../../ports/clock.ts';
import type { Ledger } from './ledger.ts';
import type { LedgerRefund } from './refund.ts';

/** WeChat takes minutes to days to pay a refund out; this wallet so long. */
export const PAYOUT_MS = 3 * SECOND;

export type Payouts = ReturnType<typeof createPayouts>;

/** Lets refunds that are paid out later become what they are to become, when their time has come. */
export function createPayouts(clock: Clock, ledger: Ledger) {
  const timers = new Map<string, () => void>();

  function schedule({ refundNo, endsAtMs }: LedgerRefund): void {
    if (endsAtMs === null) return;
    timers.get(refundNo)?.();
    const cancel = clock.after(Math.max(0, endsAtMs - clock.nowMs()), () => {
      timers.delete(refundNo);
      const due = ledger.paidOutLater().find((refund) => refund.refundNo === refundNo);
      if (!due) return;
      // The wall may have been set back meanwhile.
      if ((due.endsAtMs ?? 0) > clock.nowMs()) schedule(due);
      else ledger.refundBecomes(due, due.endsAs);
    });
    timers.set(refundNo, cancel);
  }

  return {
    schedule,
    /** Their times have changed, or were kept from before. */
    scheduleAll(): void {
      for (const refund of ledger.paidOutLater()) schedule(refund);
    },
    stop(): void {
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
}
