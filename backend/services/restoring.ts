import type { Store } from '../store/store.ts';
import { ServiceError } from './errors.ts';
import type { Hub } from './hub.ts';

/**
 * After a restore nobody is charged until every trade that was not finished has been answered by its wallet
 * once: an order whose payment the backup does not know would be charged again. The mark is in the table
 * `restored_trades` and outlives restarts.
 */
export function createRestoring(deps: { store: Store; hub: Hub }) {
  const { store, hub } = deps;
  const waiting = new Set(store.restored.waiting());
  let stopListening = () => {};

  function answered(tradeNo: string): boolean {
    const dialogue = store.outbox.ofTrade(tradeNo);
    // What was answered before the backup was forgotten by the restore; a person may have ended it by hand.
    return dialogue === undefined || dialogue.state === 'set_aside' || dialogue.lastAnswerAtMs !== null;
  }

  function hear(tradeNo: string): void {
    if (!waiting.has(tradeNo) || !answered(tradeNo)) return;
    store.transact(() => store.restored.answered(tradeNo));
    waiting.delete(tradeNo);
    hub.tell({ kind: 'status' });
    if (waiting.size === 0) stopListening();
  }

  /** A person, or another process on this data, may have ended some. */
  function refresh(byHand: boolean): void {
    if (byHand) for (const tradeNo of store.restored.setAside()) hear(tradeNo);
    const still = new Set(store.restored.waiting());
    if (still.size === waiting.size) return;
    for (const tradeNo of waiting) if (!still.has(tradeNo)) waiting.delete(tradeNo);
    if (waiting.size === 0) hub.tell({ kind: 'status' });
  }

  return {
    start(): void {
      if (waiting.size === 0) return;
      for (const tradeNo of [...waiting]) hear(tradeNo);
      stopListening = hub.listen((signal) => {
        if (signal.kind === 'checked') hear(signal.tradeNo);
        else refresh(signal.kind === 'status');
      });
    },
    isRestoring: () => waiting.size > 0,
    /** Throws `restoring` while a wallet's answer about a restored trade is missing. */
    mustBeDone(): void {
      if (waiting.size > 0) throw new ServiceError('restoring');
    },
    stop: () => stopListening(),
  };
}
