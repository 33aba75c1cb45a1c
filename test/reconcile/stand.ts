import { fen } from '../../backend/domain/money.ts';
import { createAskAboutLine } from '../../backend/services/bill-ask.ts';
import { createBillRun } from '../../backend/services/bill-run.ts';
import { createHub } from '../../backend/services/hub.ts';
import { createReconcile } from '../../backend/services/reconcile.ts';
import { createSettle } from '../../backend/services/settle.ts';
import { createWallets } from '../../backend/services/wallets.ts';
import type { Db } from '../../backend/store/database.ts';
import { createStore } from '../../backend/store/store.ts';
import { silentLog } from '../../ports/log.ts';
import { SimClock } from '../../ports/sim-clock.ts';
import { type EndOfTurn, systemEndOfTurn } from '../../ports/turn.ts';
import { readWechatTradeBill } from '../../wire/wechat-bill.ts';
import { ScriptedProvider } from '../fakes/provider.ts';
import { testBook } from '../fakes/refund-book.ts';
import { DAY, TILL } from './books.ts';

/** Noon of the day after. */
const NOW_MS = Date.parse('2026-11-21T12:00:00+08:00');

/** Reconciling over a database, with a scripted WeChat and nothing else of a till around it. */
export function reconcileStand(db: Db, endOfTurn: EndOfTurn = systemEndOfTurn) {
  const clock = new SimClock(NOW_MS);
  const store = createStore(db);
  const wechat = new ScriptedProvider('wechat');
  const provider = Object.assign(wechat, {
    bills: {
      kinds: ['trade' as const],
      fetch: async () => ({
        outcome: { kind: 'not_ready' as const },
        exchange: {
          httpStatus: null,
          providerCode: null,
          requestId: null,
          answer: null,
          providerDateMs: null,
        },
      }),
      read: (bytes: AsyncIterable<Uint8Array>) => readWechatTradeBill(bytes),
    },
  });
  const wallets = createWallets([provider], NOW_MS);
  const hub = createHub();
  const settle = createSettle(store, { automaticMaxFen: fen(20_000) }, testBook(store));
  const reconcile = createReconcile({
    store,
    clock,
    log: silentLog(),
    wallets,
    run: createBillRun({ store, clock, tillId: TILL, endOfTurn }),
    ask: createAskAboutLine({ store, clock, wallets, settle, observe: () => false, hub }),
    isAlone: true,
  });

  /** Resolves once no bill is being worked on. */
  async function idle(billId: number): Promise<void> {
    for (;;) {
      const state = store.bills.byId(billId)?.state;
      if (state === 'done' || state === 'failed') return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  return {
    store,
    clock,
    wechat,
    reconcile,
    idle,
    /** Drops the bytes in as a file, piece by piece, and waits for the result. */
    async drop(bytes: Uint8Array, pieceBytes = 40 * 1024): Promise<number> {
      const billId = reconcile.drop('wechat', DAY, 'trade', 'bill.csv');
      for (let at = 0; at < bytes.length; at += pieceBytes)
        await reconcile.addPiece(
          billId,
          at,
          bytes.subarray(at, at + pieceBytes),
          at + pieceBytes >= bytes.length,
        );
      await idle(billId);
      return billId;
    },
  };
}
