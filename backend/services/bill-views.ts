import type {
  BillLine as BillLineView,
  BillProgress,
  Bill as BillView,
  LineClass,
} from '../../contract/bill.ts';
import { CSV_START, csvRow } from '../domain/csv.ts';
import { type Fen, fenToYuan } from '../domain/money.ts';
import { storeInstant } from '../domain/store-time.ts';
import type { StoredLine } from '../store/bill-line.ts';
import type { StoredBill } from '../store/bills.ts';
import type { Store } from '../store/store.ts';
import { ServiceError } from './errors.ts';

/** Lines of one part of a file: some hundred kB. */
const CSV_LINES = 2_000;

const HEAD = [
  'line',
  'class',
  'why',
  'kind',
  'tradeNo',
  'providerTradeNo',
  'refundNo',
  'billYuan',
  'tillYuan',
  'feeYuan',
  'at',
  'walletStatus',
  'walletSaid',
  'resolution',
  'reason',
];

/** Bills and their lines as the contract shows them, and as a file; `progressOf` what is being worked on here. */
export function createBillViews(
  store: Store,
  progressOf: (billId: number) => BillProgress | null = () => null,
) {
  function bill(stored: StoredBill): BillView {
    const { begunAtMs, touchedAtMs: _, endedAtMs, ...told } = stored;
    // Sums of a bill that is being read would be read from all of it, each time.
    const sums = stored.state === 'running' ? NOTHING : store.bills.sums(stored.billId);
    const tradeBill = stored.kind === 'fund_flow' ? sumsOfTradeBill(stored) : null;
    return {
      ...told,
      ...sums,
      tradeBill,
      progress: progressOf(stored.billId),
      begunAt: storeInstant(begunAtMs),
      endedAt: instant(endedAtMs),
    };
  }

  function sumsOfTradeBill(stored: StoredBill): BillView['tradeBill'] {
    const billId = store.bills.tradeBillOf(stored);
    if (billId === undefined) return null;
    const { paidFen, refundedFen, feeMilliFen } = store.bills.sums(billId);
    return { paidFen, refundedFen, feeMilliFen };
  }

  function mustHave(billId: number): StoredBill {
    const stored = store.bills.byId(billId);
    if (!stored) throw new ServiceError('bill_not_found');
    return stored;
  }

  return {
    byId: (billId: number): BillView => bill(mustHave(billId)),
    /** Newest day first. */
    list(cursor: string | undefined, limit: number): { items: BillView[]; nextCursor: string | null } {
      const [, day = '9', billId = '0'] = /^(\d{4}-\d\d-\d\d)\.(\d{1,15})$/.exec(cursor ?? '') ?? [];
      const found = store.bills.list({ day, billId: Number(billId) }, limit + 1);
      const items = found.slice(0, limit);
      const last = items.at(-1);
      const nextCursor = found.length > limit && last ? `${last.day}.${last.billId}` : null;
      return { items: items.map(bill), nextCursor };
    },
    lines(
      billId: number,
      which: LineClass | 'open' | undefined,
      cursor: string | undefined,
      limit: number,
    ): { items: BillLineView[]; nextCursor: string | null } {
      mustHave(billId);
      const after = /^\d{1,15}$/.test(cursor ?? '') ? Number(cursor) : 0;
      const found = store.bills.lines(billId, which, after, limit + 1);
      const items = found.slice(0, limit);
      const nextCursor = found.length > limit ? String(items.at(-1)?.line) : null;
      return { items: items.map(line), nextCursor };
    },
    /** The result as a file that spreadsheets read, in parts. */
    csv(
      billId: number,
      cursor: string | undefined,
    ): { fileName: string; text: string; nextCursor: string | null } {
      const { channel, day, kind } = mustHave(billId);
      const after = /^\d{1,15}$/.test(cursor ?? '') ? Number(cursor) : 0;
      const found = store.bills.lines(billId, undefined, after, CSV_LINES);
      const head = after === 0 ? CSV_START + csvRow(HEAD) : '';
      return {
        fileName: `${channel}-${kind}-${day}.csv`,
        text: head + found.map((each) => csvRow(cells(each))).join(''),
        nextCursor: found.length === CSV_LINES ? String(found.at(-1)?.line) : null,
      };
    },
  };
}

export type BillViews = ReturnType<typeof createBillViews>;

const NOTHING = { counts: [], open: 0, paidFen: 0, refundedFen: 0, feeMilliFen: 0 };

function line({ atMs, ...stored }: StoredLine): BillLineView {
  return { ...stored, at: instant(atMs) };
}

function cells(stored: StoredLine): (string | number | null)[] {
  return [
    stored.line,
    stored.class,
    stored.why,
    stored.kind,
    stored.tradeNo,
    stored.providerTradeNo,
    stored.refundNo,
    yuan(stored.amountFen),
    yuan(stored.hereFen),
    (stored.feeMilliFen / 100_000).toFixed(5),
    instant(stored.atMs),
    stored.status,
    stored.said,
    stored.resolution,
    stored.reason,
  ];
}

function yuan(amountFen: number | null): string | null {
  return amountFen === null ? null : fenToYuan(amountFen as Fen);
}

function instant(ms: number | null): string | null {
  return ms === null ? null : storeInstant(ms);
}
