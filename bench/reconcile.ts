import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStorage } from '../backend/store/database.ts';
import { type BookChannel, billFile, seededSales, writeBooks } from '../test/reconcile/books.ts';
import { ratioLine } from './measure.ts';
import type { Work, Worked } from './reconcile-till.ts';
import { table } from './report.ts';

const LINES = 200_000;
const SOME_LINES = 50_000;
const FEW_LINES = 2_000;
/** A usual day: each difference is then asked about at the wallet. */
const DIFFERS_ONE_IN = 5_000;
const ROUNDS = 3;
const CHANNELS: BookChannel[] = ['wechat', 'alipay'];
/** Of reading and parsing the file alone. */
const REACH = 0.5;
/** How much more memory four times as many lines may take. */
const MEMORY_MAX_MB = 60;
/** How long a settle may wait behind a batch of lines, at p99. */
const WAIT_MAX_MS = 50;

/** A day's bill of 200,000 lines held against the ledger: lines a second, memory, and what a cashier waits meanwhile. */
export async function run(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-bench-'));
  try {
    for (const channel of CHANNELS) measured(dir, channel);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function measured(dir: string, channel: BookChannel): void {
  const many = prepared(join(dir, channel), channel, LINES);
  const rounds = Array.from({ length: ROUNDS }, () => ({
    parse: worked('parse', channel, many),
    reconcile: worked('reconcile', channel, many),
  }));
  const middle = (of: (round: (typeof rounds)[number]) => number) =>
    rounds.map(of).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
  const rss = (name: Work) => middle((round) => round[name].maxRssMb);
  const rate = (name: Work) =>
    String(Math.round(middle((round) => round[name].lines / (round[name].ms / 1_000))));
  const smaller = [SOME_LINES, FEW_LINES].map((count) => {
    const folder = prepared(join(dir, `${channel}-${count}`), channel, count);
    return {
      count,
      parse: worked('parse', channel, folder),
      reconcile: worked('reconcile', channel, folder),
    };
  });
  const beside = worked('beside', channel, many);
  table(`A bill of ${channel}, ${rounds[0]?.parse.lines} lines`, [
    ['', 'read and parsed', 'reconciled'],
    ['lines a second', rate('parse'), rate('reconcile')],
    ['peak memory, MB', mb(rss('parse')), mb(rss('reconcile'))],
    ...smaller.map(({ count, parse, reconcile }) => [
      `peak memory of ${count} lines, MB`,
      mb(parse.maxRssMb),
      mb(reconcile.maxRssMb),
    ]),
  ]);
  console.log(
    ratioLine(
      'lines a second against parsing alone, by the clock',
      middle((round) => round.parse.ms / round.reconcile.ms),
      REACH,
    ),
  );
  console.log(
    ratioLine(
      'the same, by the processor',
      middle((round) => round.parse.cpuMs / round.reconcile.cpuMs),
      REACH,
    ),
  );
  const more = rss('reconcile') - (smaller[0]?.reconcile.maxRssMb ?? Number.NaN);
  console.log(
    `  ${LINES} lines take ${mb(more)} MB more than ${SOME_LINES} (limit ${MEMORY_MAX_MB}: ${more <= MEMORY_MAX_MB ? 'kept' : 'MISSED'})`,
  );
  const { p50Ms, p99Ms, worstMs, count } = beside.settles;
  console.log(
    `  a settle meanwhile: p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms (limit ${WAIT_MAX_MS}: ${p99Ms <= WAIT_MAX_MS ? 'kept' : 'MISSED'}), worst ${worstMs.toFixed(1)} ms, of ${count}; idle p99 ${beside.idle.p99Ms.toFixed(1)} ms`,
  );
}

/** A folder with a till's database and the day's bill. */
function prepared(dir: string, channel: BookChannel, count: number): string {
  mkdirSync(dir, { recursive: true });
  const storage = openStorage(dir);
  const books = writeBooks(storage.db, channel, seededSales(42, count, DIFFERS_ONE_IN));
  storage.close();
  writeFileSync(join(dir, 'bill'), billFile(channel, books.entries));
  return dir;
}

/** In a process of its own, on a copy of the folder: what it takes is seen from its highest mark. */
function worked(work: Work | 'beside', channel: BookChannel, prepared: string): Worked {
  const dir = `${prepared}-copy`;
  cpSync(prepared, dir, { recursive: true });
  const script = join(import.meta.dirname, 'reconcile-till.ts');
  const { stdout, status } = spawnSync(process.execPath, [script, work, channel, dir], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  rmSync(dir, { recursive: true });
  if (status !== 0) throw new Error(`${work} ended with ${status}.`);
  return JSON.parse(stdout) as Worked;
}

function mb(value: number): string {
  return value.toFixed(0);
}
