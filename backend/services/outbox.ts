import type { Clock } from '../../ports/clock.ts';
import type { By } from '../domain/actor.ts';
import type { OutboxEntry } from '../store/outbox-entry.ts';
import type { Store } from '../store/store.ts';
import { endChargeIfOver } from './charge-end.ts';
import { ServiceError } from './errors.ts';
import type { Hub } from './hub.ts';
import { kept } from './refund.ts';
import type { RefundBook } from './refund-book.ts';

/** What a person decides about entries that the machine gave up on. */
export type OutboxService = ReturnType<typeof createOutbox>;

export function createOutbox(deps: { store: Store; clock: Clock; hub: Hub; book: RefundBook }) {
  const { store, clock, hub, book } = deps;

  function parked(entryId: number): OutboxEntry {
    const entry = store.outbox.byId(entryId);
    if (!entry) throw new ServiceError('entry_not_found');
    if (entry.state !== 'parked') throw new ServiceError('entry_not_parked');
    return entry;
  }

  function setAsideHere(
    { entryId, kind, tradeNo, orderNo, refundNo }: OutboxEntry,
    reason: string,
    nowMs: number,
  ): void {
    const trade = tradeNo === null || kind === 'tell' ? undefined : store.trades.byNo(tradeNo);
    if (trade && kind === 'give_back') {
      kept(store, trade, entryId, reason, nowMs);
      return;
    }
    store.outbox.setAside(entryId, nowMs, reason);
    const refund = refundNo === null ? undefined : store.refunds.byNo(refundNo);
    const setAside = { atMs: nowMs, reason };
    const about = { atMs: nowMs, orderNo, tradeNo: trade?.tradeNo ?? '', what: reason };
    if (refund) {
      store.refunds.update({ ...refund, setAside });
      book.reconsider(refund.tradeNo, nowMs);
      const { refundNo: number, state } = refund;
      store.events.append({
        ...about,
        type: 'refund.set_aside',
        refundNo: number,
        fromState: state,
        toState: state,
      });
    } else if (trade) {
      // Whoever looks for a refund no more says nothing about the payment.
      if (kind !== 'refund_find') store.trades.update(trade, { ...trade, setAside });
      store.events.append({
        ...about,
        type: 'trade.set_aside',
        fromState: trade.state,
        toState: trade.state,
      });
      endChargeIfOver(store, trade, nowMs);
    }
  }

  return {
    /** The machine tries a parked entry again, now. Whether a payment goes back is not the machine's to decide. */
    retry(entryId: number): OutboxEntry {
      const entry = store.transact(() => {
        if (parked(entryId).kind === 'give_back') throw new ServiceError('entry_not_parked');
        store.outbox.retry(entryId, clock.nowMs());
        return mustHave(store.outbox.byId(entryId));
      });
      hub.tell({ kind: 'committed' });
      hub.tell({ kind: 'status' });
      return entry;
    },
    /**
     * Ends a parked entry by hand. Its trade is no longer asked about and holds up its order no more; it
     * becomes neither paid nor closed by that, and a payment that turns up later still counts. A refund keeps
     * holding its part. A payment that was to go back is kept.
     */
    setAside(entryId: number, reason: string, by?: By): OutboxEntry {
      const nowMs = clock.nowMs();
      const entry = store.transact(
        () => {
          setAsideHere(parked(entryId), reason, nowMs);
          return mustHave(store.outbox.byId(entryId));
        },
        { by: by && { ...by, reason } },
      );
      hub.tell({ kind: 'committed' });
      hub.tell({ kind: 'status' });
      return entry;
    },
  };
}

function mustHave<T>(row: T | undefined): T {
  if (row === undefined) throw new Error('A row that is referred to does not exist.');
  return row;
}
