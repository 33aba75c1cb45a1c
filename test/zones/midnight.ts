import { storeDays } from '../../backend/domain/store-time.ts';
import { createBillViews } from '../../backend/services/bill-views.ts';
import { createShifts } from '../../backend/services/shifts.ts';
import { createToday } from '../../backend/services/till.ts';
import { openMemoryDatabase } from '../../backend/store/database.ts';
import { SimClock } from '../../ports/sim-clock.ts';
import { alipayBillZip } from '../../sandbox/bills/alipay.ts';
import { type BillEntry, billDayBounds } from '../../sandbox/bills/entries.ts';
import { wechatTradeBill } from '../../sandbox/bills/wechat.ts';
import { type BookChannel, TILL } from '../reconcile/books.ts';
import { ledgerPen } from '../reconcile/pen.ts';
import { reconcileStand } from '../reconcile/stand.ts';

/** One sale in the last millisecond of a day and one in the first of the next, in store time. */
const SALES = [
  { day: '2026-11-19', at: '2026-11-19T23:59:59.999+08:00', amountFen: 100 },
  { day: '2026-11-20', at: '2026-11-20T00:00:00.000+08:00', amountFen: 2_000 },
];
const MERCHANT = { appId: 'wxtest0000000001', mchId: '1900000101' };

const db = openMemoryDatabase();
const stand = reconcileStand(db);
const { store } = stand;
/** Half an hour after midnight in the store. */
const clock = new SimClock(Date.parse('2026-11-20T00:30:00+08:00'));
const days = storeDays('Asia/Shanghai');
const shifts = createShifts({ store, clock });
const today = createToday({ store, clock, days });

shifts.open();
const bills: unknown[] = [];
for (const channel of ['wechat', 'alipay'] as const) {
  const pen = ledgerPen(db, channel);
  for (const [index, { at, amountFen }] of SALES.entries()) {
    const sold = { tradeNo: numberOf(channel, index), amountFen, atMs: Date.parse(at) };
    pen.trade({ ...sold, providerTradeNo: `4200${index}`, isPaid: true });
    const refundNo = `${sold.tradeNo}R`;
    pen.refund({ ...sold, refundNo, amountFen: amountFen / 2, isDone: true });
  }
}
for (const channel of ['wechat', 'alipay'] as const)
  for (const { day } of SALES) {
    const billId = await stand.drop(billOf(channel, day), { channel, day });
    const { text } = createBillViews(store).csv(billId, undefined);
    const rows = text.trim().split('\r\n').slice(1);
    const { open, paidFen, refundedFen } = store.bills.sums(billId);
    bills.push({ channel, day, open, paidFen, refundedFen, rows: rows.map(classAndTime) });
  }
const { closedAt, openedAt } = shifts.close('the end of the test');

process.stdout.write(
  JSON.stringify({
    offsetMinutes: new Date(0).getTimezoneOffset(),
    days: SALES.map(({ at }) => days.dayOf(Date.parse(at)).day),
    paid: SALES.map(({ day }) => {
      const { startMs, endMs } = days.boundsOf(day);
      return store.trades.paidBetween(startMs, endMs).map(({ paidFen }) => paidFen);
    }),
    today: today().paidFen,
    shift: [openedAt, closedAt],
    bills,
  }),
);

/** What the wallet holds of the day, as its own clock has it. */
function billOf(channel: BookChannel, day: string): Uint8Array {
  const bounds = billDayBounds(day);
  const entries = SALES.flatMap(({ at, amountFen }, index): BillEntry[] => {
    const atMs = Date.parse(at);
    if (!bounds || atMs < bounds.startMs || atMs >= bounds.endMs) return [];
    const tradeNo = numberOf(channel, index);
    const payment = {
      kind: 'payment' as const,
      tradeNo,
      providerTradeNo: `4200${index}`,
      refundNo: null,
      providerRefundNo: null,
      amountFen,
      totalFen: amountFen,
      atMs,
      subject: '拿铁',
    };
    const refundNo = `${tradeNo}R`;
    return [
      payment,
      { ...payment, kind: 'refund', refundNo, providerRefundNo: `50${refundNo}`, amountFen: amountFen / 2 },
    ];
  });
  if (channel === 'alipay') return alipayBillZip(entries, '2088', day);
  return Buffer.from(wechatTradeBill(entries, MERCHANT));
}

function numberOf(channel: BookChannel, index: number): string {
  return `${TILL}${channel}${index}`;
}

/** Of a row of the result's file. */
function classAndTime(row: string): string {
  const cells = row.split(',');
  return `${cells[1]} ${cells.find((cell) => /^\d{4}-\d\d-\d\dT/.test(cell))}`;
}
