import { fen } from '../../backend/domain/money.ts';
import { readDropped as readAlipay } from '../../backend/providers/alipay/bill.ts';
import type { BillKind, BillLine, BillOutcome, BillRequest } from '../../backend/providers/provider.ts';
import { readDropped as readWechat } from '../../backend/providers/wechat-v3/bill.ts';
import { createAskAboutLine } from '../../backend/services/bill-ask.ts';
import { createBillRun } from '../../backend/services/bill-run.ts';
import { createFoundRefunds } from '../../backend/services/found-refunds.ts';
import { createHub } from '../../backend/services/hub.ts';
import { createReconcile } from '../../backend/services/reconcile.ts';
import { createSettle } from '../../backend/services/settle.ts';
import { createSettleRefund } from '../../backend/services/settle-refund.ts';
import { createWallets } from '../../backend/services/wallets.ts';
import type { Db } from '../../backend/store/database.ts';
import { createStore } from '../../backend/store/store.ts';
import { silentLog } from '../../ports/log.ts';
import { SimClock } from '../../ports/sim-clock.ts';
import { type EndOfTurn, systemEndOfTurn } from '../../ports/turn.ts';
import { ScriptedProvider } from '../fakes/provider.ts';
import { testBook } from '../fakes/refund-book.ts';
import { type BookChannel, DAY, MERCHANT, SELLER_ID, TILL } from './books.ts';

/** Noon of the day after. */
const NOW_MS = Date.parse('2026-11-21T12:00:00+08:00');

/** Reconciling over a database, with scripted wallets whose files are read for real, and nothing else of a till. */
export function reconcileStand(
  db: Db,
  endOfTurn: EndOfTurn = systemEndOfTurn,
  { isAlone } = { isAlone: true },
) {
  const clock = new SimClock(NOW_MS);
  const store = createStore(db);
  const wechat = new ScriptedProvider('wechat');
  const alipay = new ScriptedProvider('alipay');
  const fetched: Fetched = { outcome: { kind: 'not_ready' } };
  const wallets = createWallets(
    [
      withBills(wechat, fetched, ['trade', 'fund_flow'], (bytes, request) =>
        readWechat(MERCHANT, bytes, request),
      ),
      withBills(alipay, fetched, ['trade'], (bytes, request) =>
        readAlipay({ sellerId: SELLER_ID }, bytes, request),
      ),
    ],
    NOW_MS,
  );
  const hub = createHub();
  const book = testBook(store);
  const settle = createSettle(store, { automaticMaxFen: fen(20_000) }, book);
  const settleRefund = createSettleRefund(store, book);
  const found = createFoundRefunds({ store, book, settleRefund, tillId: TILL });
  const reconcile = createReconcile({
    store,
    clock,
    log: silentLog(),
    wallets,
    run: createBillRun({ store, clock, tillId: TILL, endOfTurn }),
    ask: createAskAboutLine({
      store,
      clock,
      wallets,
      settle,
      settleRefund,
      found,
      observe: () => false,
      hub,
    }),
    isAlone,
  });

  /** Resolves once no bill is being worked on. */
  async function idle(billId: number): Promise<void> {
    for (;;) {
      const state = store.bills.byId(billId)?.state;
      if (state === 'done' || state === 'failed') return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** As a window does: each piece once the one before is taken, the last one said to be so. */
  async function dropPieces(
    pieces: AsyncIterable<Uint8Array>,
    { channel = 'wechat', kind = 'trade', day = DAY }: Dropped = {},
  ): Promise<number> {
    const billId = reconcile.drop({ channel, day, kind, fileName: 'bill.csv' });
    let position = 0;
    let piece: Uint8Array = new Uint8Array(0);
    for await (const next of pieces) {
      if (piece.length > 0) await reconcile.addPiece(billId, position, piece, false);
      position += piece.length;
      piece = next;
    }
    await reconcile.addPiece(billId, position, piece, true);
    await idle(billId);
    return billId;
  }

  return {
    store,
    clock,
    wechat,
    alipay,
    fetched,
    reconcile,
    idle,
    dropPieces,
    /** Drops the bytes in as a file, piece by piece, and waits for the result. */
    drop(bytes: Uint8Array, how: Dropped & { pieceBytes?: number } = {}): Promise<number> {
      return dropPieces(inPieces(bytes, how.pieceBytes ?? 40 * 1024), how);
    },
  };
}

interface Dropped {
  channel?: BookChannel;
  kind?: BillKind;
  day?: string;
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** What the wallets answer when they are asked for a bill. */
interface Fetched {
  outcome: BillOutcome;
}

function withBills(
  provider: ScriptedProvider,
  fetched: Fetched,
  kinds: BillKind[],
  read: (bytes: AsyncIterable<Uint8Array>, request: BillRequest) => AsyncIterable<BillLine[]>,
) {
  const exchange = {
    httpStatus: null,
    providerCode: null,
    requestId: null,
    answer: null,
    providerDateMs: null,
  };
  const fetch = async () => ({ outcome: fetched.outcome, exchange });
  return Object.assign(provider, { bills: { kinds, fetch, read } });
}
