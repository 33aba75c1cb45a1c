import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Charge } from '../../contract/order.ts';
import { type Book, openBook } from './book.ts';
import type { FaultPoint } from './fault-points.ts';
import type { Plot } from './ground.ts';
import { codeOf } from './lives.ts';
import { createMortalTill, type MortalTill } from './mortal-till.ts';
import { type HeldTrade, ledgerOf, type Wallet } from './world.ts';

const PATIENCE_MS = 60_000;
const LOOK_MS = 5;
/** When nothing has moved for so long, real milliseconds, it waits for the dead one's lease: then so much time passes. */
const STALL_MS = 60;
const NUDGE_MS = 2_000;

/** What somebody at one of the tills wants to give back. */
interface Wish {
  refundNo: string;
  amountFen: number;
  /** The till's answer: 201 taken, 409 there is not so much left. */
  status: number;
}

/** Where the two lock their orders: in the folder that they share, or on a Redis, each with a folder of its own. */
export type Sharing = 'folder' | { redis: string };

/** Two tills, two managers at each, who give back twice as much as was paid. */
export type TwoTills = ReturnType<typeof createTwoTills>;

interface Place {
  till: MortalTill;
  read(): Book;
  /** The payment that its managers give back. */
  tradeNo: string;
  orderNo: string;
}

export function createTwoTills(plot: Plot, name: string, sharing: Sharing) {
  const { clock } = plot;
  const locks = sharing === 'folder' ? 'folder' : sharing.redis;
  const books: Book[] = [];
  let payments = 0;

  function place(folder: string): Place {
    const dataDir = join(plot.dir, folder);
    mkdirSync(dataDir, { recursive: true });
    const till = createMortalTill(plot, { dataDir: () => dataDir, args: ['--locks', locks], onDeath() {} });
    let book: Book | null = null;
    const read = () => {
      if (book) return book;
      book = openBook(dataDir);
      books.push(book);
      return book;
    };
    return { till, read, tradeNo: '', orderNo: '' };
  }
  const [first, second] = sharing === 'folder' ? [place('both'), place('both')] : [place('1'), place('2')];
  const places = [first, second];

  const isRunning = () => places.every(({ till }) => till.isRunning());
  const isQuiet = () => isRunning() && places.every(({ read }) => read().isQuiet(clock.nowMs()));

  /** Waits; when nothing moves any more the time does. */
  async function patiently(isDone: () => boolean): Promise<void> {
    const untilMs = performance.now() + PATIENCE_MS;
    let movedMs = performance.now();
    let before = '';
    while (!isDone()) {
      for (const { till } of places) await till.alive();
      const now = places.map(({ read }) => read().changes()).join();
      if (now !== before) movedMs = performance.now();
      before = now;
      if (performance.now() - movedMs > STALL_MS) {
        const nextMs = isQuiet() ? Math.max(...places.map(({ read }) => read().nextMs() ?? 0)) : 0;
        clock.moveTo(Math.max(nextMs, clock.nowMs() + NUDGE_MS));
        movedMs = performance.now();
      }
      if (performance.now() > untilMs)
        throw new Error(`Not in ${PATIENCE_MS} ms. ${JSON.stringify(first.read().plans(clock.nowMs()))}`);
      await sleep(LOOK_MS);
    }
  }

  async function meanwhile<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    work.then(over, over);
    await patiently(() => isOver);
    return await work;
  }

  /** An order that a customer has paid, as the place's till knows. */
  async function pay(at: Place, wallet: Wallet): Promise<void> {
    payments += 1;
    at.orderNo = `${name}-${payments}`;
    const { orderNo } = at;
    const wanted = { orderNo, amountFen: PAID_FEN, subject: orderNo, channels: [wallet] };
    const charge = await meanwhile(untilNotBusy(() => at.till.ask<Charge>('POST', '/charges', wanted)));
    const body = JSON.stringify({ code: codeOf(charge.json, wallet) });
    await fetch(`${plot.wallets}/phone/pay`, { method: 'POST', body });
    at.tradeNo = charge.json.trades[0]?.tradeNo ?? 'none';
    const isPaid = "SELECT 1 FROM trades WHERE trade_no = ? AND state = 'paid'";
    await patiently(() => at.read().all(isPaid, at.tradeNo).length > 0);
  }

  async function manager({ till, tradeNo }: Place, wishes: readonly Wish[]): Promise<void> {
    for (const wish of wishes) {
      const { refundNo, amountFen } = wish;
      const { status } = await untilNotBusy(() =>
        till.ask('POST', `/trades/${tradeNo}/refunds`, { refundNo, amountFen, reason: '少送一份' }),
      );
      wish.status = status;
    }
  }

  return {
    passed: first.till.passed,
    deaths: first.till.deaths,
    async kill(): Promise<void> {
      for (const { till } of places) await till.kill();
      for (const book of books) book.close();
    },
    /** All four give back at once; the first till dies at `point`. Returns what is wrong afterwards. */
    async giveBack(wallet: Wallet, point: FaultPoint | null): Promise<string[]> {
      for (const { till } of places) await till.alive();
      await pay(first, wallet);
      if (sharing === 'folder') second.tradeNo = first.tradeNo;
      else await pay(second, wallet);
      await patiently(isQuiet);
      await first.till.begin(point);
      const wishes = PARTS.map((parts, n) =>
        parts.map(
          (amountFen, of): Wish => ({ refundNo: `${name}_${payments}_${n}_${of}`, amountFen, status: 0 }),
        ),
      );
      const at = (n: number) => (n % 2 === 0 ? first : second);
      await meanwhile(Promise.all(wishes.map((own, n) => manager(at(n), own))));
      await patiently(() => places.every(({ read }) => read().all('SELECT 1 FROM outbox').length === 0));
      await first.till.end();
      const held = await ledgerOf(plot);
      if (sharing === 'folder') return faults(first, wishes.flat(), held);
      return [0, 1].flatMap((which) =>
        faults(at(which), wishes.filter((_, n) => n % 2 === which).flat(), held),
      );
    },
  };
}

/** Repeats what was not done: the dead one's lock runs out by itself, and a Redis is reached a moment after a start. */
async function untilNotBusy<T>(ask: () => Promise<{ status: number; json: T }>) {
  for (;;) {
    const answer = await ask();
    const { code } = answer.json as { code?: string };
    if (code !== 'order_busy' && code !== 'lock_unavailable') return answer;
    await sleep(LOOK_MS);
  }
}

/** Each of these is wanted by one manager, one after the other: twice as much as there is. */
const PAID_FEN = 1_000;
const PARTS = [
  [210, 270],
  [190, 250],
  [230, 290],
  [170, 390],
];

/** What went back of a payment against what was wanted of it, and what the till answered. */
function faults({ read, tradeNo }: Place, wishes: readonly Wish[], held: readonly HeldTrade[]): string[] {
  const found: string[] = [];
  const rows = read().all<{ refund_no: string; amount_fen: number; state: string }>(
    'SELECT * FROM refunds WHERE trade_no = ?',
    tradeNo,
  );
  const given = held.find((trade) => trade.tradeNo === tradeNo)?.refunds ?? [];
  const backFen = given.reduce((sum, { amountFen }) => sum + amountFen, 0);
  if (backFen > PAID_FEN) found.push(`${backFen} went back of ${PAID_FEN}`);
  for (const { refundNo, amountFen, status } of wishes) {
    const ours = rows.filter((row) => row.refund_no === refundNo);
    const theirs = given.filter((refund) => refund.refundNo === refundNo);
    const isTaken = status === 201;
    if (!isTaken && (status !== 409 || amountFen <= PAID_FEN - backFen))
      found.push(`${refundNo} over ${amountFen} was answered with ${status}, ${backFen} went back`);
    if (ours.length !== (isTaken ? 1 : 0) || theirs.length !== ours.length)
      found.push(`${refundNo}: ${status}, ${ours.length} here, ${theirs.length} at the wallet`);
    for (const row of ours)
      if (row.state !== 'succeeded' || row.amount_fen !== amountFen)
        found.push(`${refundNo} is ${row.state} with ${row.amount_fen}`);
    for (const refund of theirs)
      if (refund.status !== 'SUCCESS' || refund.amountFen !== amountFen)
        found.push(`${refundNo} is ${refund.status} with ${refund.amountFen} at the wallet`);
  }
  if (given.length !== rows.length) found.push(`${given.length} at the wallet, ${rows.length} here`);
  const sound = read().soundness();
  return sound === 'ok' ? found : [...found, `the database is damaged: ${sound}`];
}
