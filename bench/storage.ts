import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { fen } from '../backend/domain/money.ts';
import { newTrade, type Trade } from '../backend/domain/trade.ts';
import { createSettle, type Outcome } from '../backend/services/settle.ts';
import { migrate, migrations, noteCheck, openStorage } from '../backend/store/database.ts';
import { startKeeper } from '../backend/store/keeper.ts';
import { createStore, type Store } from '../backend/store/store.ts';
import { systemClock } from '../ports/clock.ts';
import { systemEndOfTurn } from '../ports/turn.ts';
import { testBook } from '../test/fakes/refund-book.ts';
import { ratio, ratioLine } from './measure.ts';
import { fillMillion, NOW_MS } from './million.ts';
import { percentile, table } from './report.ts';

/** The till's database: commits against the disk's own, settling beside a checkpoint, and a million trades. */
export async function run(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-bench-'));
  try {
    await commits(join(dir, 'commits'));
    await checkpoints(join(dir, 'checkpoints'));
    await million(join(dir, 'million'));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Durable changes per second: ours, grouped, and the same rows written straight to SQLite on the same disk. */
async function commits(dir: string): Promise<void> {
  const storage = openStorage(dir);
  const store = createStore(storage.db, undefined, false, systemEndOfTurn);
  const trades = Array.from({ length: 16 }, (_, n) => writeTrade(store, n));
  const raw = new Database(join(dir, 'raw.sqlite'));
  raw.pragma('journal_mode = WAL');
  raw.pragma('synchronous = FULL');
  raw.pragma('wal_autocheckpoint = 0');
  migrate(raw, migrations());
  const peer = createStore(raw);
  for (let n = 0; n < trades.length; n++) writeTrade(peer, n);
  const change = (into: Store, trade: Trade, paidAtMs: number) => {
    into.trades.update(trade, { ...trade, payableUntilMs: paidAtMs });
    into.events.append(EVENT);
  };
  const update = raw.prepare('UPDATE trades SET payable_until_ms = ? WHERE trade_no = ?');
  const event = raw.prepare(
    `INSERT INTO events (seq, at_ms, type, order_no, trade_no, from_state, to_state, what, actor, via, prev_hash, hash)
     VALUES (?, 1, 'trade.changed', 'ORDER-000', 'TRADE-000', 'awaiting_payment', 'paying', 'paying_seen', 'till', 'till',
             coalesce((SELECT hash FROM events ORDER BY seq DESC LIMIT 1), zeroblob(32)), randomblob(32))`,
  );
  const begin = raw.prepare('BEGIN IMMEDIATE');
  const commit = raw.prepare('COMMIT');
  let turn = 0;
  let seq = peer.events.lastSeq();
  const next = () => trades[turn++ % trades.length] as Trade;
  const ours = () => {
    const trade = next();
    store.transact(() => change(store, trade, turn));
  };
  const bare = () => {
    begin.run();
    update.run(turn, next().tradeNo);
    event.run(++seq);
    commit.run();
  };
  const single = await ratio(ours, bare, { rounds: 31, roundMs: 200, byClock: true });
  const ownTime = await ratio(ours, bare, { rounds: 31, roundMs: 200 });
  const grouped = await ratio(
    () => {
      const trade = next();
      return store.transactSoon(() => change(store, trade, turn));
    },
    async () => {
      const trade = next();
      store.transact(() => change(store, trade, turn));
    },
    { rounds: 15, roundMs: 200, inFlight: 16 },
  );
  console.log('\nDurable changes per second');
  console.log(ratioLine('store.transact against the same rows, raw', single, 0.8));
  console.log(ratioLine('  by processor time, the disk left out', ownTime));
  console.log(ratioLine('16 writers in groups against one at a time', grouped, 3));
  raw.close();
  storage.close();
}

const SAMPLES = 500;
/** Settles between checkpoints: what a busy quarter of an hour leaves in the log. */
const BETWEEN = 200;

/** p99 of a settle while the log is being moved into the database, against the same without. */
async function checkpoints(dir: string): Promise<void> {
  const storage = openStorage(dir);
  const store = createStore(storage.db);
  const settle = createSettle(store, { automaticMaxFen: fen(0) }, testBook(store));
  const keeper = startKeeper(storage.path);
  const trades = Array.from({ length: 500 }, (_, n) => writeTrade(store, n));
  let turn = 0;
  const once = () => {
    const trade = trades[turn % trades.length] as Trade;
    const status = Math.floor(turn / trades.length) % 2 === 0 ? 'paying' : 'unpaid';
    turn += 1;
    const outcome: Outcome = {
      kind: 'evidence',
      evidence: {
        tradeNo: trade.tradeNo,
        status,
        providerTradeNo: null,
        amountFen: trade.amountFen,
        payer: null,
        paidAtMs: null,
        providerStatus: status,
      },
    };
    const entry = store.outbox.ofTrade(trade.tradeNo);
    if (!entry) throw new Error(`${trade.tradeNo} is not asked about.`);
    const startedMs = performance.now();
    settle.outcome(entry, { outcome, nowMs: NOW_MS, jitter: 0, exchange: null });
    return performance.now() - startedMs;
  };
  const pause = () => new Promise((resolve) => setImmediate(resolve));
  const alone: number[] = [];
  const beside: number[] = [];
  const inline: number[] = [];
  for (let n = 0; n < 200; n++) once();
  while (beside.length < SAMPLES) {
    for (let n = 0; n < BETWEEN; n++) {
      alone.push(once());
      await pause();
    }
    let isMoving = true;
    const moved = keeper.checkpoint().finally(() => {
      isMoving = false;
    });
    while (isMoving) {
      beside.push(once());
      await pause();
    }
    await moved;
    for (let n = 0; n < BETWEEN; n++) once();
    const startedMs = performance.now();
    store.checkpoint();
    inline.push(performance.now() - startedMs);
  }
  const row = (what: string, samples: number[]) => [
    what,
    ...[50, 99].map((percent) => percentile(samples, percent).toFixed(2)),
  ];
  table('A settle on a real file, ms (goal: p99 beside a checkpoint within 3×)', [
    ['', 'p50', 'p99'],
    row('without a checkpoint', alone),
    row('while the keeper checkpoints', beside),
    row('(a checkpoint on the till’s own thread)', inline),
  ]);
  console.log(ratioLine('p99 without / beside', percentile(alone, 99) / percentile(beside, 99), 1 / 3));
  await keeper.close();
  storage.close();
}

/** A database of a million trades: opening it, a page of it, searching it. */
async function million(dir: string): Promise<void> {
  const clock = systemClock();
  const timed = <T>(work: () => T): [number, T] => {
    const startedMs = clock.monotonicMs();
    const value = work();
    return [clock.monotonicMs() - startedMs, value];
  };
  const [builtMs] = timed(() => fillMillion(dir));
  const path = join(dir, 'till.sqlite');
  const [migratedMs, first] = timed(() => openStorage(dir, 'alone', { nowMs: NOW_MS }));
  const [checkMs] = timed(() => first.db.pragma('quick_check(1)'));
  noteCheck(first.db, NOW_MS);
  first.close();
  const [bareOpenMs] = timed(() => {
    const bare = new Database(path);
    bare.pragma('journal_mode = WAL');
    bare.prepare('SELECT count(*) FROM till').get();
    bare.close();
  });
  const [openMs, storage] = timed(() => openStorage(dir, 'alone', { nowMs: NOW_MS }));
  const { db } = storage;
  const store = createStore(db);
  console.log(`\nA million trades (${(statSync(path).size / 1e6).toFixed(0)} MB, made in ${secs(builtMs)})`);
  table('seconds', [
    ['brought up from the first schema', secs(migratedMs)],
    ['quick_check, beside the till that already serves', secs(checkMs)],
    ['opened by SQLite alone', secs(bareOpenMs)],
    ['opened after a clean end', secs(openMs)],
  ]);
  const page = db.prepare('SELECT * FROM trades ORDER BY created_at_ms DESC, trade_no DESC LIMIT 51');
  const failed = db.prepare(
    "SELECT * FROM trades WHERE state = 'failed' ORDER BY created_at_ms DESC, trade_no DESC LIMIT 51",
  );
  const like = db.prepare(
    "SELECT * FROM trades WHERE subject LIKE '%稀客%' ORDER BY created_at_ms DESC, trade_no DESC LIMIT 51",
  );
  const against = async (what: string, ours: () => { items: Trade[] }, bare: () => unknown[]) => {
    const found = ours().items.length;
    const same = (bare() as { trade_no: string }[]).slice(0, found).map((row) => row.trade_no);
    if (
      same.join() !==
      ours()
        .items.map((trade) => trade.tradeNo)
        .join()
    )
      throw new Error(`${what}: the bare statement finds other trades.`);
    const value = await ratio(ours, bare, { rounds: 9, roundMs: 150 });
    console.log(ratioLine(`${what} (${found} found, ${timed(ours)[0].toFixed(2)} ms)`, value, 1 / 1.5));
  };
  await against(
    'a page of 50',
    () => store.trades.list({ limit: 50 }),
    () => page.all(),
  );
  await against(
    'a frequent word',
    () => store.trades.list({ text: '拿铁', limit: 50 }),
    () => bareSearch(db, '拿铁'),
  );
  await against(
    'a rare word of two characters',
    () => store.trades.list({ text: '稀客', limit: 50 }),
    () => bareSearch(db, '稀客'),
  );
  await against(
    'the end of a number',
    () => store.trades.list({ text: '04242', limit: 50 }),
    () => bareSearch(db, '04242'),
  );
  await against(
    'one state',
    () => store.trades.list({ state: 'failed', limit: 50 }),
    () => failed.all(),
  );
  console.log(`  the rare word by LIKE over every row: ${timed(() => like.all())[0].toFixed(0)} ms`);
  storage.close();
}

const bareStatements = new Map<string, () => unknown[]>();

/** The same question as one plain statement over the same indexes, prepared once. */
function bareSearch(db: Database.Database, text: string): unknown[] {
  const ask = bareStatements.get(text) ?? prepareSearch(db, text);
  bareStatements.set(text, ask);
  return ask();
}

function prepareSearch(db: Database.Database, text: string): () => unknown[] {
  const hex = (part: string) =>
    [...part].map((mark) => (mark.codePointAt(0) ?? 0).toString(16).padStart(6, '0')).join('');
  const pairs = [...text].slice(1).map((mark, index) => `"${hex(([...text][index] ?? '') + mark)}"`);
  const end = text.length >= 4 ? text.slice(-4) : null;
  const statement = db.prepare<[Record<string, unknown>]>(`
    WITH found (trade_no) AS (
      SELECT trade_no FROM order_search JOIN searched_orders ON id = order_search.rowid
        JOIN trades USING (order_no) WHERE order_search MATCH :match
      UNION SELECT trade_no FROM orders JOIN trades USING (order_no)
        WHERE orders.order_no >= :text AND orders.order_no < :to
      UNION SELECT trade_no FROM trades WHERE trade_no >= :text AND trade_no < :to
      UNION SELECT trade_no FROM trades WHERE substr(trade_no, -4) = :end
      UNION SELECT trade_no FROM trades WHERE provider_trade_no >= :text AND provider_trade_no < :to
      UNION SELECT trade_no FROM trades WHERE substr(provider_trade_no, -4) = :end AND provider_trade_no IS NOT NULL)
    SELECT trades.* FROM found CROSS JOIN trades USING (trade_no)
    WHERE trade_no LIKE :begins OR trade_no LIKE :ends OR order_no LIKE :begins OR order_no LIKE :ends
      OR provider_trade_no LIKE :begins OR provider_trade_no LIKE :ends OR subject LIKE :anywhere
    ORDER BY created_at_ms DESC, trade_no DESC LIMIT 51`);
  const values = {
    match: pairs.join(' AND ') + (end === null ? '' : ` OR "e${hex(end)}"`),
    text,
    to: `${text}\u{10FFFF}`,
    end,
    begins: `${text}%`,
    ends: end === null ? null : `%${text}`,
    anywhere: `%${text}%`,
  };
  return () => statement.all(values);
}

const EVENT = {
  atMs: 1,
  type: 'trade.changed',
  orderNo: 'ORDER-000',
  tradeNo: 'TRADE-000',
  fromState: 'awaiting_payment',
  toState: 'paying',
  what: 'paying_seen',
} as const;

function writeTrade(store: Store, n: number): Trade {
  const amountFen = fen(1250);
  const sale = { orderNo: `ORDER-${n}`, subject: '拿铁', amountFen, createdAtMs: n };
  const sold = { ...sale, chargeId: `CHARGE-${n}`, expiresAtMs: NOW_MS + 120_000 };
  const trade: Trade = {
    ...newTrade({ ...sold, tradeNo: `TRADE-${n}`, channel: 'alipay' }),
    state: 'awaiting_payment',
    codeUrl: 'https://qr.alipay.com/bax03431ljhokirwl38f00a7',
  };
  store.transact(() => {
    store.orders.insert({ ...sale, note: null, state: 'open', source: 'till', paidAtMs: null });
    store.charges.insert({
      ...sale,
      chargeId: trade.chargeId,
      expiresAtMs: trade.expiresAtMs,
      endedAtMs: null,
    });
    store.trades.insert(trade);
    store.outbox.add(
      {
        kind: 'query',
        queue: 'alipay',
        lane: trade.tradeNo,
        orderNo: trade.orderNo,
        tradeNo: trade.tradeNo,
        payload: null,
        why: null,
        priority: 0,
      },
      NOW_MS,
    );
  });
  return trade;
}

function secs(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
