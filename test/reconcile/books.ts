import { gzipSync } from 'node:zlib';
import { formatNumber } from '../../backend/domain/numbers.ts';
import type { Db } from '../../backend/store/database.ts';
import type { LineClass } from '../../contract/bill.ts';
import { alipayBillZip } from '../../sandbox/bills/alipay.ts';
import type { BillEntry } from '../../sandbox/bills/entries.ts';
import { wechatFundFlowBill, wechatTradeBill } from '../../sandbox/bills/wechat.ts';
import { type LedgerPen, ledgerPen } from './pen.ts';

export const TILL = 'T0MW';
const OTHER_TILL = 'K7QX';
export const DAY = '2026-11-20';
const DAY_START_MS = Date.parse(`${DAY}T00:00:00+08:00`);
const DAY_MS = 86_400_000;

export const SELLER_ID = '2088';

export type BookChannel = 'wechat' | 'alipay';

/** How a sale stands in the ledger and on the bill. */
export const WAYS = [
  'agrees',
  'omitted',
  'unknown',
  'amount',
  'missed',
  'other_till',
  'other_system',
  'twice',
  'refunded',
  'refunded_in_parts',
  'refunded_of_yesterday',
  'refund_omitted',
  'refund_by_hand',
  'refund_amount',
  'refund_not_done',
  'refund_twice',
  'refund_of_other_till',
  'part_omitted',
] as const;
export type Way = (typeof WAYS)[number];

/** A wallet's bill and a till's ledger of one day, with known differences. */
export interface Books {
  entries: BillEntry[];
  /** What must be found, and nothing else: the number, of a refund with its trade's before it, and its class. */
  expected: [string, LineClass][];
  /** Trades that the wallet holds as paid and this till does not. */
  missed: string[];
  /** Refunds whose end this till has not seen, and those that it never asked for: their number, with the trade's before it. */
  pending: string[];
  byHand: string[];
}

interface Sale {
  way: Way;
  amountFen: number;
}

/** Writes the sales into the ledger, and gives the bill beside it. */
export function writeBooks(db: Db, channel: BookChannel, sales: readonly Sale[]): Books {
  const books: Books = { entries: [], expected: [], missed: [], pending: [], byHand: [] };
  const pen = ledgerPen(db, channel);
  const perMs = DAY_MS / (sales.length + 1);
  for (let from = 0; from < sales.length; from += 5_000)
    db.transaction(() => {
      for (const [at, sale] of sales.slice(from, from + 5_000).entries()) {
        const index = from + at;
        new Page(books, pen, index, Math.floor(DAY_START_MS + index * perMs)).write(sale);
      }
    })();
  return books;
}

/** `count` sales, of which about one in `oneIn` is not the usual one, drawn from a seed. */
export function seededSales(seed: number, count: number, oneIn: number): Sale[] {
  const random = mulberry32(seed);
  return Array.from({ length: count }, () => ({
    way: random() < 1 / oneIn ? (WAYS[Math.floor(random() * WAYS.length)] ?? 'agrees') : 'agrees',
    amountFen: 2 + Math.floor(random() * 99_998),
  }));
}

/** The bill as the wallet hands it out: gzip, or a zip of GBK. */
export function billFile(channel: BookChannel, entries: readonly BillEntry[]): Buffer {
  if (channel === 'alipay') return Buffer.from(alipayBillZip(entries, SELLER_ID, DAY));
  return gzipSync(wechatTradeBill(entries, MERCHANT), { level: 1 });
}

/** The movements of the same day, as gzip. */
export function fundFlowFile(entries: readonly BillEntry[]): Buffer {
  return gzipSync(wechatFundFlowBill(entries, MERCHANT), { level: 1 });
}

export const MERCHANT = { appId: 'wxtest0000000001', mchId: '1900000101' };

/** One sale in both books. */
class Page {
  readonly #books: Books;
  readonly #pen: LedgerPen;
  readonly #index: number;
  readonly #atMs: number;
  readonly #providerTradeNo: string;

  constructor(books: Books, pen: LedgerPen, index: number, atMs: number) {
    this.#books = books;
    this.#pen = pen;
    this.#index = index;
    this.#atMs = atMs;
    this.#providerTradeNo = `4200${String(index).padStart(24, '0')}`;
  }

  write({ way, amountFen }: Sale): void {
    const tradeNo = this.#tradeNo(way);
    const isStranger = way === 'other_till' || way === 'other_system' || way === 'refund_of_other_till';
    const isHere = !isStranger && way !== 'unknown';
    const paidAtMs = way === 'refunded_of_yesterday' ? this.#atMs - DAY_MS : this.#atMs;
    if (isHere)
      this.#pen.trade({
        tradeNo,
        amountFen,
        atMs: paidAtMs,
        providerTradeNo: this.#providerTradeNo,
        isPaid: way !== 'missed',
      });
    const onBill = this.#entry(tradeNo, way === 'amount' ? amountFen + 1 : amountFen);
    if (way !== 'omitted' && way !== 'refunded_of_yesterday') this.#books.entries.push(onBill);
    if (way === 'twice') this.#books.entries.push(onBill);
    if (way === 'missed') this.#books.missed.push(tradeNo);
    const found = PAYMENT_CLASS[way];
    if (found) this.#books.expected.push([tradeNo, found]);
    this.#refunds(tradeNo, amountFen, way);
  }

  #refunds(tradeNo: string, amountFen: number, way: Way): void {
    const half = Math.floor(amountFen / 2);
    const refundNo = `${tradeNo.slice(0, 24)}R1`;
    switch (way) {
      case 'refunded':
      case 'refunded_of_yesterday':
        this.#refund(tradeNo, refundNo, amountFen, amountFen);
        return;
      case 'refunded_in_parts':
      case 'part_omitted':
        this.#refund(tradeNo, refundNo, half, half);
        this.#refund(
          tradeNo,
          `${refundNo}2`,
          amountFen - half,
          way === 'part_omitted' ? null : amountFen - half,
        );
        if (way === 'part_omitted') this.#expect(tradeNo, `${refundNo}2`, 'missing_there');
        return;
      case 'refund_omitted':
        this.#refund(tradeNo, refundNo, half, null);
        this.#expect(tradeNo, refundNo, 'missing_there');
        return;
      case 'refund_amount':
        this.#refund(tradeNo, refundNo, half, half + 1);
        this.#expect(tradeNo, refundNo, 'refund_differs');
        return;
      case 'refund_not_done':
        this.#pen.refund({ refundNo, tradeNo, amountFen: half, atMs: this.#atMs, isDone: false });
        this.#refundEntry(tradeNo, refundNo, half);
        this.#books.pending.push(`${tradeNo}/${refundNo}`);
        this.#expect(tradeNo, refundNo, 'missing_here');
        return;
      case 'refund_twice':
        this.#refund(tradeNo, refundNo, half, half);
        this.#refundEntry(tradeNo, refundNo, half);
        this.#expect(tradeNo, refundNo, 'missing_here');
        return;
      case 'refund_by_hand':
        this.#refundEntry(tradeNo, refundNo, half);
        this.#books.byHand.push(`${tradeNo}/${refundNo}`);
        this.#expect(tradeNo, refundNo, 'missing_here');
        return;
      case 'refund_of_other_till':
        this.#refundEntry(tradeNo, refundNo, half);
        this.#expect(tradeNo, refundNo, 'other_till');
    }
  }

  /** `billedFen` null: it is not on the bill. */
  #refund(tradeNo: string, refundNo: string, amountFen: number, billedFen: number | null): void {
    this.#pen.refund({ refundNo, tradeNo, amountFen, atMs: this.#atMs, isDone: true });
    if (billedFen !== null) this.#refundEntry(tradeNo, refundNo, billedFen);
  }

  #refundEntry(tradeNo: string, refundNo: string, amountFen: number): void {
    this.#books.entries.push({
      ...this.#entry(tradeNo, amountFen),
      kind: 'refund',
      refundNo,
      providerRefundNo: `50${refundNo}`,
    });
  }

  #expect(tradeNo: string, refundNo: string, name: LineClass): void {
    this.#books.expected.push([`${tradeNo}/${refundNo}`, name]);
  }

  #entry(tradeNo: string, amountFen: number): BillEntry {
    return {
      kind: 'payment',
      tradeNo,
      providerTradeNo: this.#providerTradeNo,
      refundNo: null,
      providerRefundNo: null,
      amountFen,
      totalFen: amountFen,
      atMs: this.#atMs,
      // Names of goods are free text.
      subject: this.#index % 50 === 0 ? '拿铁, "大"' : '拿铁',
    };
  }

  #tradeNo(way: Way): string {
    if (way === 'other_system') return `WEBSHOP-${this.#index}`;
    const second = DAY_START_MS / 1_000 + 1 + Math.floor(this.#index / 20);
    const till = way === 'other_till' || way === 'refund_of_other_till' ? OTHER_TILL : TILL;
    return formatNumber(till, { second, count: this.#index }, 'AAAAAA');
  }
}

/** What the payment itself must be classed as, besides matched. */
const PAYMENT_CLASS: Partial<Record<Way, LineClass>> = {
  omitted: 'missing_there',
  unknown: 'missing_here',
  amount: 'amount_differs',
  missed: 'missing_here',
  other_till: 'other_till',
  other_system: 'other_till',
  refund_of_other_till: 'other_till',
  twice: 'missing_here',
};

/** Numbers in [0, 1) from a seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
