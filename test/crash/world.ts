import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Charge, Order } from '../../contract/order.ts';
import { type Book, openBook } from './book.ts';
import type { FaultPoint } from './fault-points.ts';
import type { Plot } from './ground.ts';
import { createMortalTill } from './mortal-till.ts';

/** Longer than anything here takes on a busy machine, real milliseconds. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 3;
/** What is due and not begun for so long, real milliseconds, is put off by the till; then so much time passes. */
const STALL_MS = 1_000;
const NUDGE_MS = 5_000;
/** A repeat of the client while the till says that it cannot do it yet. */
const CLIENT_MS = 1_000;

export type Wallet = 'alipay' | 'wechat';

/** An order as the client knows it. Its subject is its number, so that the wallets' ledgers can be read by it. */
export interface Sale {
  orderNo: string;
  amountFen: number;
  /** Every charge that the till has answered with. */
  toldCharges: Set<string>;
  /** Every refund that the till has taken, by number: what goes back, and whether it was taken back again. */
  toldRefunds: Map<string, { amountFen: number; withdrawn: boolean }>;
}

/** What a wallet holds, as `GET /ledger` shows it. */
export interface HeldTrade {
  channel: Wallet;
  tradeNo: string;
  providerTradeNo: string | null;
  state: string;
  paid: boolean;
  amountFen: number;
  refundedFen: number;
  refunds: { refundNo: string; amountFen: number; status: string; requests: number }[];
  subject: string;
  code: string | null;
}

export type World = ReturnType<typeof createWorld>;

/**
 * One till, its wallets, a customer and a client: the client repeats what went unanswered under the same
 * number; whoever watches the till starts it again whenever it has died. `awayMs`: how long that takes.
 */
export function createWorld(plot: Plot, name: string) {
  const { clock } = plot;
  let folders = 0;
  let sales = 0;
  let dataDir = newFolder();
  let book: Book | null = null;
  const till = createMortalTill(plot, {
    dataDir: () => dataDir,
    onDeath() {
      // The next one must find the files as the dead left them, with nobody at them.
      book?.close();
      book = null;
    },
    onAsked: (answer) => void letTimePass(answer).catch(() => {}),
  });
  const { ask } = till;

  function newFolder(): string {
    folders += 1;
    const dir = join(plot.dir, String(folders));
    mkdirSync(dir);
    return dir;
  }

  function read(): Book {
    book ??= openBook(dataDir);
    return book;
  }

  async function patiently(what: string, isDone: () => boolean | Promise<boolean>): Promise<void> {
    const untilMs = performance.now() + PATIENCE_MS;
    while (!(await isDone())) {
      if (performance.now() > untilMs)
        throw new Error(`Not in ${PATIENCE_MS} ms: ${what}. ${JSON.stringify(read().plans(clock.nowMs()))}`);
      await sleep(LOOK_MS);
    }
  }

  /** Everything that is to be done at this time is done. */
  async function quiet(): Promise<void> {
    let sinceMs = performance.now();
    await patiently('quiet', async () => {
      await till.alive();
      if (!till.isRunning()) return false;
      if (read().isQuiet(clock.nowMs())) return true;
      // It may spare a wallet that was silent: that ends with the time.
      if (performance.now() - sinceMs > STALL_MS && !read().isAsking()) {
        sinceMs = performance.now();
        clock.moveTo(clock.nowMs() + NUDGE_MS);
      }
      return false;
    });
  }

  /** Lets time pass while somebody waits for a code that the till asks for again later. */
  async function letTimePass(until: Promise<unknown>): Promise<void> {
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    until.then(over, over);
    await patiently('an answer', async () => {
      if (isOver) return true;
      if (till.isRunning() && read().isQuiet(clock.nowMs()) && read().isOpening()) {
        const nextMs = read().nextMs();
        if (nextMs !== null) clock.moveTo(nextMs);
      }
      return false;
    });
  }

  async function phone(act: 'scan' | 'pay', code: string): Promise<boolean> {
    const answer = await fetch(`${plot.wallets}/phone/${act}`, {
      method: 'POST',
      body: JSON.stringify({ code }),
    });
    const { payable } = (await answer.json()) as { payable?: boolean };
    return answer.ok && payable !== false;
  }

  function paidTradeOf({ orderNo }: Sale): string {
    const sql = "SELECT trade_no FROM trades WHERE order_no = ? AND state = 'paid'";
    return read().all<{ trade_no: string }>(sql, orderNo)[0]?.trade_no ?? 'none';
  }

  async function order(sale: Sale): Promise<Order | null> {
    const { status, json } = await ask<Order>('GET', `/orders/${sale.orderNo}`);
    return status === 200 ? json : null;
  }

  return {
    clock,
    deaths: till.deaths,
    passed: till.passed,
    read,
    alive: till.alive,
    quiet,
    order,
    sale(): Sale {
      sales += 1;
      return {
        orderNo: `${name}-${sales}`,
        amountFen: 1_000 + sales,
        toldCharges: new Set(),
        toldRefunds: new Map(),
      };
    },
    /** From here on the points count, and `point` is the end of the till; `away`: how long it stays dead. */
    async begin(point: FaultPoint | null, away = 0): Promise<void> {
      await quiet();
      await till.begin(point, away);
    },
    beginAtStart: till.beginAtStart,
    /** No point is the end any more. */
    async end(): Promise<void> {
      await quiet();
      await till.end();
      await quiet();
    },
    kill: till.kill,
    /** The till begins anew on an empty folder. */
    async onNewFolder(): Promise<void> {
      await till.kill();
      dataDir = newFolder();
    },

    async sendAhead(sale: Sale): Promise<void> {
      const { orderNo, amountFen } = sale;
      await ask('POST', '/orders', { orderNo, amountFen, subject: orderNo });
    },
    /** Charges until there are codes, or nothing to charge any more. */
    async charge(sale: Sale, channels: readonly Wallet[]): Promise<Charge | null> {
      const { orderNo, amountFen } = sale;
      for (;;) {
        const { status, json } = await ask<Charge & { code?: string }>('POST', '/charges', {
          orderNo,
          amountFen,
          subject: orderNo,
          channels,
        });
        if (status === 200) {
          sale.toldCharges.add(json.chargeId);
          if (json.trades.every((trade) => trade.codeUrl !== null || trade.state !== 'created')) return json;
        } else if (json.code !== 'order_closing') return null;
        await quiet();
        clock.moveTo(Math.max(clock.nowMs() + CLIENT_MS, read().nextMs() ?? 0));
      }
    },
    /** A person gives a part of the sale's payment back, under a number that they repeat. False: the till would not. */
    async refund(sale: Sale, name: string, amountFen: number): Promise<boolean> {
      const refundNo = refundNoOf(sale, name);
      const wish = { refundNo, amountFen, reason: '少送一份' };
      const { status } = await ask('POST', `/trades/${paidTradeOf(sale)}/refunds`, wish);
      if (status === 201) sale.toldRefunds.set(refundNo, { amountFen, withdrawn: false });
      return status === 201;
    },
    /** They think better of it. */
    async withdraw(sale: Sale, name: string): Promise<void> {
      const refundNo = refundNoOf(sale, name);
      const { status } = await ask('POST', `/refunds/${refundNo}/withdraw`);
      const told = sale.toldRefunds.get(refundNo);
      if (status === 200 && told) told.withdrawn = true;
    },
    async cancel(sale: Sale): Promise<void> {
      await ask('POST', `/orders/${sale.orderNo}/cancel`);
    },
    scan: (code: string) => phone('scan', code),
    pay: (code: string) => phone('pay', code),
    arm: (fault: object) => fetch(`${plot.wallets}/faults`, { method: 'POST', body: JSON.stringify(fault) }),
    disarm: () => fetch(`${plot.wallets}/faults`, { method: 'DELETE' }),
    ledger: () => ledgerOf(plot),

    /** The next planned moment passes, and what it brings. */
    async look(): Promise<void> {
      await quiet();
      const nextMs = read().nextMs();
      if (nextMs !== null) clock.moveTo(nextMs);
      await quiet();
    },
    /** Time passes until nothing is planned any more: every code is paid or dead. */
    async finish(): Promise<void> {
      for (;;) {
        await quiet();
        const nextMs = read().nextEndMs();
        if (nextMs === null) return;
        clock.moveTo(nextMs + 1);
      }
    },
  };
}

/** What nobody was told that it goes back. */
export function leftFen({ amountFen, toldRefunds }: Sale): number {
  const parts = [...toldRefunds.values()].filter(({ withdrawn }) => !withdrawn);
  return amountFen - parts.reduce((sum, part) => sum + part.amountFen, 0);
}

function refundNoOf({ orderNo }: Sale, name: string): string {
  return `${orderNo}-${name}`.replaceAll('-', '_');
}

/** What the wallets hold. */
export async function ledgerOf(plot: Plot): Promise<HeldTrade[]> {
  const answer = await fetch(`${plot.wallets}/ledger`);
  const { trades, refunds } = (await answer.json()) as {
    trades: HeldTrade[];
    refunds: (HeldTrade['refunds'][number] & { tradeNo: string })[];
  };
  return trades.map((trade) => ({
    ...trade,
    refunds: refunds.filter(({ tradeNo }) => tradeNo === trade.tradeNo),
  }));
}
