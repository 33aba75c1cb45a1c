import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { storeDays } from '../backend/domain/store-time.ts';
import { createKeptHours } from '../backend/services/kept-hours.ts';
import { createReports } from '../backend/services/reports.ts';
import { openStorage } from '../backend/store/database.ts';
import { createStore, type Store } from '../backend/store/store.ts';
import { SimClock } from '../ports/sim-clock.ts';
import { ratio, ratioLine } from './measure.ts';
import { fillMillion, NOW_MS } from './million.ts';

const ZONE = 'Asia/Shanghai';
const RANGE = { from: '2026-11-09', to: '2026-11-21' };
const ROUNDS = { rounds: 5, roundMs: 3_000, inFlight: 1 };

/** A report over a million trades, first and again, against the same figures as plain statements. */
export async function run(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-bench-'));
  fillMillion(join(dir, 'million'));
  const storage = openStorage(join(dir, 'million'), 'alone', { nowMs: NOW_MS });
  try {
    addPeopleAndRefunds(storage.db);
    const store = createStore(storage.db);
    await compare(store, storage.db);
    await narrowed(store, storage.db);
  } finally {
    storage.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function compare(store: Store, db: Database.Database): Promise<void> {
  const days = storeDays(ZONE);
  const clock = new SimClock(NOW_MS);
  let longestMs = 0;
  let turnMs = performance.now();
  const reportsOf = (hours: ReturnType<typeof createKeptHours>) =>
    createReports({ store, clock, days, hours });
  const fresh = () =>
    createKeptHours({
      store,
      days,
      endOfTurn(task) {
        longestMs = Math.max(longestMs, performance.now() - turnMs);
        setImmediate(() => {
          turnMs = performance.now();
          task();
        });
      },
    });
  const bare = bareReport(db);
  const cold = () => {
    turnMs = performance.now();
    return reportsOf(fresh()).report(RANGE);
  };
  const kept = reportsOf(fresh());
  const warm = () => kept.report(RANGE);
  mustAgree(await cold(), bare());
  mustAgree(await warm(), bare());

  const first = await ratio(cold, async () => bare(), ROUNDS);
  const again = await ratio(warm, async () => bare(), ROUNDS);
  longestMs = 0;
  const startedMs = performance.now();
  await cold();
  const coldMs = performance.now() - startedMs;
  console.log('\nA report over a million trades');
  console.log(ratioLine(`first (${coldMs.toFixed(0)} ms), against plain SQL`, first, 1 / 1.5));
  console.log(ratioLine('again, against plain SQL', again, 20));
  console.log(`  longest turn that nothing else could run in: ${longestMs.toFixed(0)} ms`);
}

/** A page of the history, narrowed, against one plain statement that the planner is free with. */
async function narrowed(store: Store, db: Database.Database): Promise<void> {
  const hour = (text: string) => Date.parse(`2026-11-${text}:00.000+08:00`);
  const searches: [string, Parameters<Store['trades']['list']>[0], string][] = [
    ['one cashier', { cashier: 'person:P3', limit: 50 }, "charged_by = 'person:P3'"],
    [
      'a cashier, a wallet and amounts',
      { cashier: 'person:P3', channel: 'wechat', amountFromFen: 19_000, amountToFen: 19_010, limit: 50 },
      "charged_by = 'person:P3' AND channel = 'wechat' AND amount_fen BETWEEN 19000 AND 19010",
    ],
    [
      'an hour of last week',
      { fromMs: hour('13T14:00'), toMs: hour('13T15:00'), state: 'paid', limit: 50 },
      `state = 'paid' AND created_at_ms >= ${hour('13T14:00')} AND created_at_ms < ${hour('13T15:00')}`,
    ],
    [
      'amounts that are rare',
      { amountFromFen: 19_999, amountToFen: 30_000, limit: 50 },
      'amount_fen BETWEEN 19999 AND 30000',
    ],
    ['amounts that nothing has', { amountFromFen: 20_001, limit: 50 }, 'amount_fen >= 20001'],
  ];
  console.log('\nThe history, narrowed, over a million trades');
  for (const [what, asked, where] of searches) {
    const bare = db.prepare<[], { trade_no: string }>(
      `SELECT * FROM trades WHERE ${where} ORDER BY created_at_ms DESC, trade_no DESC LIMIT 51`,
    );
    const found = store.trades.list(asked).items.map(({ tradeNo }) => tradeNo);
    const same = bare
      .all()
      .map((row) => row.trade_no)
      .slice(0, 50);
    if (found.join() !== same.join()) throw new Error(`${what}: the plain statement finds other trades.`);
    const startedMs = performance.now();
    store.trades.list(asked);
    const tookMs = performance.now() - startedMs;
    const value = await ratio(
      () => store.trades.list(asked),
      () => bare.all(),
      { rounds: 5, roundMs: 200 },
    );
    console.log(ratioLine(`${what} (${found.length} found, ${tookMs.toFixed(2)} ms)`, value, 1 / 1.5));
  }
}

/** The figures of a report, each as the one statement that asks for it, over the same indexes. */
function bareReport(db: Database.Database) {
  const at = (day: string) => Date.parse(`${day}T00:00:00.000+08:00`);
  const bounds = [at(RANGE.from), at(RANGE.to) + 86_400_000] as const;
  const paid =
    "FROM trades INDEXED BY trades_paid WHERE state = 'paid' AND paid_at_ms >= ? AND paid_at_ms < ?";
  const ask = (sql: string) => db.prepare<[number, number], (string | number)[]>(sql).raw();
  const sums = 'count(*), sum(amount_fen)';
  const hour = '(paid_at_ms + 28800000) / 3600000 % 24';
  const day = '(paid_at_ms + 28800000) / 86400000';
  const statements = {
    byHour: ask(`SELECT ${hour} AS h, channel, ${sums} ${paid} GROUP BY h, channel`),
    byDay: ask(`SELECT ${day} AS d, channel, ${sums} ${paid} GROUP BY d, channel`),
    byChannel: ask(`SELECT channel, ${sums}, sum(late), sum(surplus) ${paid} GROUP BY channel`),
    byCashier: ask(`SELECT charged_by, ${sums} ${paid} GROUP BY charged_by`),
    waits: ask(
      `SELECT max(0, paid_at_ms - code_at_ms) / 1000 AS s, count(*) ${paid} AND code_at_ms IS NOT NULL GROUP BY s ORDER BY s`,
    ),
    refunds: ask(
      `SELECT channel, count(*), sum(amount_fen) FROM refunds INDEXED BY refunds_succeeded
       WHERE state = 'succeeded' AND succeeded_at_ms >= ? AND succeeded_at_ms < ? GROUP BY channel`,
    ),
  };
  return () =>
    Object.fromEntries(Object.entries(statements).map(([name, each]) => [name, each.all(...bounds)]));
}

type Told = Awaited<ReturnType<ReturnType<typeof createReports>['report']>>;

/** Comparing speeds means nothing where the figures differ. */
function mustAgree(told: Told, bare: ReturnType<ReturnType<typeof bareReport>>): void {
  const rows = (name: string) => bare[name] ?? [];
  const total = (name: string, column: number) =>
    rows(name).reduce((sum, row) => sum + Number(row[column]), 0);
  const pairs = [
    [told.totals.paidCount, total('byHour', 2)],
    [told.totals.paidFen, total('byHour', 3)],
    [told.totals.paidFen, total('byDay', 3)],
    [told.totals.paidFen, total('byChannel', 2)],
    [told.totals.refundedFen, total('refunds', 2)],
    [told.wait?.count, total('waits', 1)],
    [told.byHour[14]?.paidFen, total14(rows('byHour'))],
    ...told.byCashier.map(({ cashier, paidFen }) => [
      paidFen,
      Number(rows('byCashier').find(([name]) => name === cashier)?.[2]),
    ]),
  ];
  for (const [ours, theirs] of pairs)
    if (ours !== theirs || ours === 0) throw new Error(`The figures differ: ${ours} and ${theirs}.`);
}

function total14(rows: (string | number)[][]): number {
  return rows.filter(([hour]) => hour === 14).reduce((sum, row) => sum + Number(row[3]), 0);
}

/** Six cashiers, a wait of up to a minute and a half, and one refund in a hundred. */
function addPeopleAndRefunds(db: Database.Database): void {
  db.exec(`
    UPDATE trades SET charged_by = 'person:P' || (CAST(substr(trade_no, -9) AS INTEGER) % 6), code_at_ms = created_at_ms - (CAST(substr(trade_no, -9) AS INTEGER) * 7919) % 90000
      WHERE state = 'paid';
    INSERT INTO refunds (refund_no, trade_no, order_no, channel, amount_fen, reason, why, state, requested_at_ms, succeeded_at_ms, ended_at_ms)
      SELECT 'R' || trade_no, trade_no, order_no, channel, 1, '退货', 'asked', 'succeeded', paid_at_ms, paid_at_ms, paid_at_ms
      FROM trades WHERE state = 'paid' AND CAST(substr(trade_no, -9) AS INTEGER) % 100 = 0;`);
}
