import { classify, type Here } from '../domain/reconcile.ts';
import type { BillLine } from '../providers/provider.ts';
import type { KeptLine } from '../store/bill-line.ts';
import { refundNumber, walletNumber } from '../store/bill-numbers.ts';
import type { StoredBill } from '../store/bills.ts';
import type { Store } from '../store/store.ts';

/** Holds lines of a bill against the ledger, many at a time, and keeps them. Call it inside a transaction. */
export function createBillLines(store: Store, tillId: string) {
  const { numbers } = store.bills;

  function keep(bill: StoredBill, lines: readonly BillLine[]): void {
    const named = bill.kind === 'fund_flow' ? byOurNumbers(bill, lines) : lines;
    const here = knownHere(bill, named);
    const kept = named.map((line, at): KeptLine => {
      const verdict = classify(line, here(at), bill.channel, tillId);
      // Spelled out: there are hundreds of thousands of them.
      return {
        line: line.row,
        kind: line.kind,
        class: verdict.class,
        why: verdict.why,
        tradeNo: line.tradeNo || null,
        providerTradeNo: line.providerTradeNo || null,
        // What nobody has our number for is told by the wallet's.
        refundNo: line.refundNo ?? line.providerRefundNo,
        amountFen: line.amountFen,
        hereFen: verdict.hereFen,
        feeMilliFen: line.feeMilliFen,
        atMs: line.atMs,
        status: line.status,
      };
    });
    store.bills.insertLines(bill.billId, kept);
    note(bill, kept);
  }

  /** What the ledger has under each line's number, by the line's place. */
  function knownHere(bill: StoredBill, lines: readonly BillLine[]): (at: number) => Here {
    const trades = numbers.trades(
      bill.billId,
      lines.map(({ tradeNo }) => tradeNo),
    );
    const asRefund = lines.flatMap((line, at) => (line.kind === 'refund' ? [{ line, at }] : []));
    const refunds = numbers.refunds(
      bill.billId,
      asRefund.map(({ line }) => [line.refundNo ?? '', refundNumber(line.tradeNo, line.refundNo ?? '')]),
    );
    const refundAt = new Map(asRefund.map(({ at }, index) => [at, refunds[index]]));
    const strangers = lines.filter(
      ({ kind }, at) => bill.kind === 'fund_flow' && kind === 'payment' && trades[at]?.state === null,
    );
    const others = strangers.length === 0 ? null : othersOf(bill, strangers);
    /** Numbers of this batch: they are noted once it is kept. */
    const inBatch = new Set<string>();

    return (at) => {
      const line = lines[at] as BillLine;
      const trade = trades[at];
      const refund = refundAt.get(at);
      const number =
        line.kind === 'refund'
          ? refundNumber(line.tradeNo, line.refundNo ?? '')
          : `${line.kind} ${line.tradeNo}`;
      const isRepeated = inBatch.has(number) || (refund ?? trade)?.isRepeated === 1;
      inBatch.add(number);
      return {
        trade: trade && isHere(trade) ? trade : undefined,
        refund: refund && isHere(refund) ? refund : undefined,
        isRepeated,
        isOthers: others === null ? null : others.has(line.providerTradeNo),
      };
    };
  }

  function othersOf(bill: StoredBill, lines: readonly BillLine[]): Set<string> | null {
    return numbers.othersOnTradeBill(
      bill.channel,
      bill.day,
      lines.map(({ providerTradeNo }) => providerTradeNo),
    );
  }

  /** A bill of movements goes by the wallet's numbers: the lines with ours, where the ledger knows them. */
  function byOurNumbers({ channel }: StoredBill, lines: readonly BillLine[]): BillLine[] {
    const trades = numbers.tradesByWallet(
      channel,
      lines.map(({ providerTradeNo }) => providerTradeNo),
    );
    const refunds = numbers.refundsByWallet(
      channel,
      lines.flatMap(({ providerRefundNo }) => providerRefundNo ?? []),
    );
    return lines.map((line) => {
      const refund = line.providerRefundNo === null ? undefined : refunds.get(line.providerRefundNo);
      if (refund) return { ...line, refundNo: refund.refundNo, tradeNo: refund.tradeNo };
      const tradeNo = trades.get(line.providerTradeNo);
      return tradeNo === undefined ? line : { ...line, tradeNo };
    });
  }

  function note({ billId, kind }: StoredBill, lines: readonly KeptLine[]): void {
    const found: string[] = [];
    for (const line of lines) {
      if (line.kind === 'refund' && line.refundNo)
        found.push(refundNumber(line.tradeNo ?? '', line.refundNo));
      if (line.kind !== 'payment') continue;
      if (line.tradeNo) found.push(line.tradeNo);
      if (kind === 'trade' && line.class !== 'matched' && line.providerTradeNo)
        found.push(walletNumber(line.providerTradeNo));
    }
    numbers.keep(billId, found);
  }

  return { keep };
}

/** Whether the ledger has anything under the number. */
function isHere<T extends { amountFen: number | null }>(
  known: T,
): known is T & { [K in keyof T]: K extends 'providerTradeNo' ? T[K] : NonNullable<T[K]> } {
  return known.amountFen !== null;
}
