import type { Clock } from '../../ports/clock.ts';
import type { By } from '../domain/actor.ts';
import type { OutboxEntry } from '../store/outbox.ts';
import type { Store } from '../store/store.ts';
import { endChargeIfOver } from './charge-end.ts';
import { ServiceError } from './errors.ts';
import type { Hub } from './hub.ts';

/** What a person decides about entries that the machine gave up on. */
export type OutboxService = ReturnType<typeof createOutbox>;

export function createOutbox(deps: { store: Store; clock: Clock; hub: Hub }) {
  const { store, clock, hub } = deps;

  function parked(entryId: number): OutboxEntry {
    const entry = store.outbox.byId(entryId);
    if (!entry) throw new ServiceError('entry_not_found');
    if (entry.state !== 'parked') throw new ServiceError('entry_not_parked');
    return entry;
  }

  return {
    /** The machine tries a parked entry again, now. What is to be given back is not the machine's to try. */
    retry(entryId: number): OutboxEntry {
      const entry = store.transact(() => {
        if (parked(entryId).kind === 'refund') throw new ServiceError('entry_not_parked');
        store.outbox.retry(entryId, clock.nowMs());
        return mustHave(store.outbox.byId(entryId));
      });
      hub.tell({ kind: 'committed' });
      hub.tell({ kind: 'status' });
      return entry;
    },
    /**
     * Ends a parked entry by hand. Its trade is no longer asked about and holds up its order no more; it
     * becomes neither paid nor closed by that, and a payment that turns up later still counts.
     */
    setAside(entryId: number, reason: string, by?: By): OutboxEntry {
      const nowMs = clock.nowMs();
      const entry = store.transact(
        () => {
          const { kind, tradeNo, orderNo } = parked(entryId);
          store.outbox.setAside(entryId, nowMs, reason);
          const trade = tradeNo === null || kind === 'tell' ? undefined : store.trades.byNo(tradeNo);
          if (trade) {
            const isDebt = kind === 'refund';
            store.trades.update(
              isDebt ? { ...trade, refundDue: null } : { ...trade, setAside: { atMs: nowMs, reason } },
            );
            store.events.append({
              atMs: nowMs,
              type: 'trade.set_aside',
              orderNo,
              tradeNo: trade.tradeNo,
              fromState: trade.state,
              toState: trade.state,
              what: reason,
            });
            endChargeIfOver(store, trade, nowMs);
          }
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
