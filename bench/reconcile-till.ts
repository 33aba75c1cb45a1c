import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { readDropped as readAlipay } from '../backend/providers/alipay/bill.ts';
import { readDropped as readWechat } from '../backend/providers/wechat-v3/bill.ts';
import { openStorage } from '../backend/store/database.ts';
import { createStore, type Store } from '../backend/store/store.ts';
import { type BookChannel, DAY, MERCHANT, SELLER_ID } from '../test/reconcile/books.ts';
import { reconcileStand } from '../test/reconcile/stand.ts';
import { percentile } from './report.ts';

/** What one process is started for by `reconcile.ts`; it prints {@link Worked} as JSON. */
export type Work = 'parse' | 'reconcile';

interface Waits {
  p50Ms: number;
  p99Ms: number;
  worstMs: number;
  count: number;
}

export interface Worked {
  lines: number;
  ms: number;
  cpuMs: number;
  maxRssMb: number;
  /** From when a settle was due to when it was on disk: while the bill is read, and after. */
  settles: Waits;
  idle: Waits;
}

const PIECE_BYTES = 40 * 1024;
/** A busy shop's. */
const SETTLE_EVERY_MS = 5;
const IDLE_MS = 2_000;

const [work = '', channel = '', dir = ''] = process.argv.slice(2);
const file = join(dir, 'bill');
const storage = openStorage(dir);
const startedMs = performance.now();
const before = process.cpuUsage();
const settles = work === 'beside' ? startSettling(createStore(storage.db)) : null;
const lines = work === 'parse' ? await parsed() : await reconciled();
const ms = performance.now() - startedMs;
const { user, system } = process.cpuUsage(before);
const waited = settles?.stop() ?? [];
const told: Worked = {
  lines,
  ms,
  cpuMs: (user + system) / 1_000,
  maxRssMb: process.resourceUsage().maxRSS / 1_024,
  settles: waits(waited),
  idle: waits(work === 'beside' ? await idleSettles() : []),
};
storage.close();
process.stdout.write(JSON.stringify(told));

async function parsed(): Promise<number> {
  const pieces = createReadStream(file, { highWaterMark: PIECE_BYTES });
  let count = 0;
  const lines =
    channel === 'wechat'
      ? readWechat(MERCHANT, pieces, { day: DAY, kind: 'trade' })
      : readAlipay({ sellerId: SELLER_ID }, pieces, { day: DAY });
  for await (const batch of lines) count += batch.length;
  return count;
}

async function reconciled(): Promise<number> {
  const stand = reconcileStand(storage.db);
  const billId = await stand.dropPieces(createReadStream(file, { highWaterMark: PIECE_BYTES }), {
    channel: channel as BookChannel,
  });
  const bill = stand.store.bills.byId(billId);
  if (bill?.state !== 'done') throw new Error(`The bill ended as ${bill?.state}: ${bill?.fault}.`);
  return bill.lines;
}

async function idleSettles(): Promise<number[]> {
  const running = startSettling(createStore(storage.db));
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  return running.stop();
}

/** A change of a trade and its event, committed, every few milliseconds. */
function startSettling(store: Store): { stop(): number[] } {
  const [trade] = store.trades.list({ limit: 1 }).items;
  if (!trade) throw new Error('Nothing was sold.');
  const found: number[] = [];
  let dueMs = performance.now() + SETTLE_EVERY_MS;
  let turn = 0;
  const timer = setInterval(() => {
    turn += 1;
    store.transact(() => {
      store.trades.update(trade, { ...trade, payableUntilMs: turn });
      store.events.append({
        atMs: turn,
        type: 'trade.changed',
        orderNo: trade.orderNo,
        tradeNo: trade.tradeNo,
        fromState: 'paid',
        toState: 'paid',
        what: 'paid_seen',
      });
    });
    const nowMs = performance.now();
    found.push(nowMs - dueMs);
    dueMs = nowMs + SETTLE_EVERY_MS;
  }, SETTLE_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return found;
    },
  };
}

function waits(found: readonly number[]): Waits {
  return {
    p50Ms: percentile(found, 50),
    p99Ms: percentile(found, 99),
    worstMs: percentile(found, 100),
    count: found.length,
  };
}
