import { fen } from '../../backend/domain/money.ts';
import { formatNumber } from '../../backend/domain/numbers.ts';
import type { Store } from '../../backend/store/store.ts';
import { charge, order, trade } from '../../backend/store/test-rows.ts';
import type { LineClass } from '../../contract/bill.ts';
import type { BillEntry } from '../../sandbox/bills/entries.ts';

export const TILL = 'T0MW';
const OTHER_TILL = 'K7QX';
export const DAY = '2026-11-20';
const DAY_START_MS = Date.parse(`${DAY}T00:00:00+08:00`);
const DAY_MS = 86_400_000;

/** A wallet's bill and a till's ledger of one day, with known differences. */
export interface Books {
  entries: BillEntry[];
  /** What each line of a number must be classed as; a payment that is not here is matched. */
  expected: Map<string, LineClass>;
  /** Trades that the wallet holds as paid and this till does not. */
  missed: string[];
}

/** Every n-th payment differs, in its own way. */
const WAYS = ['omitted', 'unknown', 'amount', 'missed', 'other_till', 'other_system', 'twice'] as const;

function numberOf(index: number, till = TILL): string {
  return formatNumber(
    till,
    { second: DAY_START_MS / 1_000 + 1 + Math.floor(index / 20), count: index },
    'AAAAAA',
  );
}

/**
 * Writes `count` payments through WeChat into the ledger and gives the bill beside it; one in `oneIn` differs.
 */
export function writeBooks(store: Store, count: number, oneIn: number): Books {
  const books: Books = { entries: [], expected: new Map(), missed: [] };
  const perMs = DAY_MS / (count + 1);
  for (let from = 0; from < count; from += 5_000)
    store.transact(() => {
      for (let index = from; index < Math.min(count, from + 5_000); index++) {
        const way = index % oneIn === 0 ? WAYS[(index / oneIn) % WAYS.length] : undefined;
        sale(store, books, index, DAY_START_MS + Math.floor(index * perMs), way);
      }
    });
  return books;
}

function sale(
  store: Store,
  books: Books,
  index: number,
  atMs: number,
  way: (typeof WAYS)[number] | undefined,
): void {
  const till = way === 'other_till' ? OTHER_TILL : TILL;
  const tradeNo = way === 'other_system' ? `WEBSHOP-${index}` : numberOf(index, till);
  const amountFen = 100 + (index % 90_000);
  const providerTradeNo = `4200${String(index).padStart(24, '0')}`;
  const isHere = way === undefined || !['unknown', 'other_till', 'other_system'].includes(way);
  if (isHere) {
    store.orders.insert(order(`O${index}`, { amountFen: fen(amountFen), createdAtMs: atMs - 9_000 }));
    store.charges.insert(charge(`O${index}`, `C${index}`, { endedAtMs: atMs, createdAtMs: atMs - 9_000 }));
    store.trades.insert(
      trade(`O${index}`, `C${index}`, tradeNo, {
        channel: 'wechat',
        amountFen: fen(amountFen),
        createdAtMs: atMs - 9_000,
        expiresAtMs: atMs + 111_000,
        ...(way === 'missed'
          ? { state: 'closed', closedAtMs: atMs }
          : { state: 'paid', paidAtMs: atMs, providerTradeNo }),
      }),
    );
  }
  const entry: BillEntry = {
    kind: 'payment',
    tradeNo,
    providerTradeNo,
    refundNo: null,
    providerRefundNo: null,
    amountFen: way === 'amount' ? amountFen + 1 : amountFen,
    totalFen: amountFen,
    atMs,
    subject: '拿铁, "大"',
  };
  if (way !== 'omitted') books.entries.push(entry);
  if (way === 'twice') books.entries.push(entry);
  if (way === 'missed') books.missed.push(tradeNo);
  const expected = classOf(way);
  if (expected !== 'matched') books.expected.set(tradeNo, expected);
}

function classOf(way: (typeof WAYS)[number] | undefined): LineClass {
  switch (way) {
    case undefined:
      return 'matched';
    case 'omitted':
      return 'missing_there';
    case 'amount':
      return 'amount_differs';
    case 'other_till':
    case 'other_system':
      return 'other_till';
    case 'unknown':
    case 'missed':
    case 'twice':
      return 'missing_here';
  }
}
