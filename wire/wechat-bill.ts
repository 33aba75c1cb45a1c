import {
  BillError,
  type BillLine,
  type BillOf,
  billFen,
  billLines,
  billMilliFen,
  columnFinder,
  optionalColumn,
} from './bill.ts';
import { ofDay } from './bill-day.ts';
import { alipayTimeMs } from './china-time.ts';

/** A piece of a table of WeChat's: its head, and some of its rows. */
export interface WechatRows {
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

/** The last two lines: what the whole table comes to. */
export interface WechatSummary {
  columns: readonly string[];
  cells: readonly string[];
}

/** The words of a movement's kind that are the wallet's charge. */
const FEE_WORDS = ['扣除交易手续费', '交易手续费', '退还手续费', '手续费'];
/** Those that move the merchant's own money to its bank. Unconfirmed. */
const WITHDRAWAL_WORDS = ['提现', '自动提现'];
const MOVEMENTS = new Map<string, BillLine['kind']>([
  ['交易', 'payment'],
  ['退款', 'refund'],
  ...FEE_WORDS.map((word) => [word, 'fee'] as const),
  ...WITHDRAWAL_WORDS.map((word) => [word, 'withdrawal'] as const),
]);

/**
 * The text of a trade or fund-flow bill (protocol: bills): a head, rows that begin with a back-tick and are
 * separated by `` ,` ``, and two lines of summary. Throws {@link BillError} `truncated` unless the summary counts
 * as many rows as there were.
 */
export async function* readWechatTable(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<WechatRows, WechatSummary> {
  let columns: readonly string[] | null = null;
  let summaryColumns: readonly string[] | null = null;
  let summary: readonly string[] | null = null;
  let count = 0;
  for await (const lines of billLines(bytes, 'utf-8')) {
    const rows: string[][] = [];
    for (const line of lines) {
      if (line === '') continue;
      if (summary) throw new BillError('format', 'Something follows the summary.');
      if (!line.startsWith('`')) {
        if (summaryColumns) throw new BillError('format', 'A line has no back-tick.');
        if (columns) summaryColumns = line.split(',');
        else if (line.includes('时间')) columns = line.split(',');
        else throw new BillError('format', 'This is no bill of WeChat Pay.');
      } else if (!columns) throw new BillError('format', 'The bill has no head.');
      else if (summaryColumns) summary = cellsOf(line);
      else rows.push(fitted(cellsOf(line), columns));
    }
    count += rows.length;
    if (columns && rows.length > 0) yield { columns, rows };
  }
  if (!columns) throw new BillError('format', 'The bill is empty.');
  if (!summaryColumns || !summary)
    throw new BillError('truncated', 'The bill has no summary: it was cut off.');
  if (Number(summary[0]) !== count)
    throw new BillError('truncated', `The bill has ${count} rows; its summary counts ${summary[0]}.`);
  return { columns: summaryColumns, cells: summary };
}

/**
 * A trade bill (`/v3/bill/tradebill`, of type ALL) as lines. Throws {@link BillError}, also where rows are another
 * merchant's, or most of another day.
 */
export function readWechatTradeBill(
  bytes: AsyncIterable<Uint8Array>,
  of: BillOf,
): AsyncGenerator<BillLine[]> {
  return linesOf(bytes, of, (columns) => {
    const column = columnFinder(columns);
    const merchant = optionalColumn(columns, '商户号');
    const cell = {
      at: column('交易时间'),
      tradeNo: column('商户订单号'),
      providerTradeNo: column('微信订单号'),
      status: column('交易状态'),
      // What the order was for; what arrives may be less. Old bills have another word.
      total: column('订单金额', '总金额'),
      refundNo: column('商户退款单号'),
      providerRefundNo: column('微信退款单号'),
      refund: column('申请退款金额', '退款金额'),
      refundStatus: column('退款状态'),
      fee: optionalColumn(columns, '手续费'),
    };
    return (cells, row) => {
      const merchantId = merchant(cells);
      if (of.merchantId && merchantId && merchantId !== of.merchantId)
        throw new BillError('other_merchant', `Row ${row} of the bill is of the merchant ${merchantId}.`);
      const status = cell.status(cells);
      const isRefund = status === 'REFUND';
      const kind = isRefund ? 'refund' : status === 'SUCCESS' ? 'payment' : 'other';
      return {
        row,
        kind,
        tradeNo: cell.tradeNo(cells),
        providerTradeNo: cell.providerTradeNo(cells),
        refundNo: isRefund ? cell.refundNo(cells) : null,
        providerRefundNo: isRefund ? cell.providerRefundNo(cells) : null,
        amountFen: Math.abs(billFen((isRefund ? cell.refund : cell.total)(cells))),
        feeMilliFen: billMilliFen(cell.fee(cells) || '0'),
        atMs: alipayTimeMs(cell.at(cells)),
        status: isRefund ? cell.refundStatus(cells) : status,
      };
    };
  });
}

/**
 * A fund-flow bill (`/v3/bill/fundflowbill`): movements of the account, by the wallet's own numbers. It names no
 * merchant. Throws {@link BillError}, also where most of it is of another day.
 */
export function readWechatFundFlowBill(
  bytes: AsyncIterable<Uint8Array>,
  of: BillOf,
): AsyncGenerator<BillLine[]> {
  return linesOf(bytes, of, (columns) => {
    const column = columnFinder(columns);
    const at = column('记账时间');
    const number = column('微信支付业务单号');
    const name = column('业务名称');
    const type = column('业务类型');
    const direction = column('收支类型');
    const amount = column('收支金额(元)');
    const voucher = optionalColumn(columns, '业务凭证号');
    return (cells, row) => {
      const word = type(cells) || name(cells);
      const kind = MOVEMENTS.get(word) ?? 'other';
      const isFee = kind === 'fee';
      const amountFen = Math.abs(billFen(amount(cells)));
      // A refund's movement names the payment: REF and the wallet's number of it.
      const [, refunded = null] = /^REF(\d+)$/.exec(voucher(cells)) ?? [];
      const sign = direction(cells) === '收入' ? -1 : 1;
      return {
        row,
        kind,
        tradeNo: kind === 'payment' || isFee ? voucher(cells) : '',
        providerTradeNo: kind === 'refund' ? (refunded ?? '') : number(cells),
        refundNo: kind === 'refund' && refunded === null ? voucher(cells) : null,
        providerRefundNo: kind === 'refund' ? number(cells) : null,
        amountFen,
        feeMilliFen: isFee && amountFen > 0 ? sign * amountFen * 1_000 : 0,
        atMs: alipayTimeMs(at(cells)),
        status: word,
      };
    };
  });
}

function linesOf(bytes: AsyncIterable<Uint8Array>, of: BillOf, reader: Reader): AsyncGenerator<BillLine[]> {
  return ofDay(allOf(bytes, reader), of.day);
}

type Reader = (columns: readonly string[]) => (cells: readonly string[], row: number) => BillLine;

async function* allOf(bytes: AsyncIterable<Uint8Array>, reader: Reader): AsyncGenerator<BillLine[]> {
  let read: ReturnType<Reader> | null = null;
  let row = 0;
  for await (const { columns, rows } of readWechatTable(bytes)) {
    read ??= reader(columns);
    const line = read;
    yield rows.map((cells) => {
      row += 1;
      return line(cells, row);
    });
  }
}

/**
 * A name of goods may hold the separator itself: what a row has too many belongs to that name. Throws
 * {@link BillError} for a row that does not fit its head.
 */
function fitted(cells: string[], columns: readonly string[]): string[] {
  const tooMany = cells.length - columns.length;
  if (tooMany === 0) return cells;
  const at = columns.indexOf('商品名称');
  if (tooMany < 0) throw new BillError('truncated', 'A row of the bill is shorter than its head.');
  if (at < 0) throw new BillError('format', 'A row of the bill is longer than its head.');
  const name = cells.slice(at, at + tooMany + 1).join(',`');
  return [...cells.slice(0, at), name, ...cells.slice(at + tooMany + 1)];
}

function cellsOf(line: string): string[] {
  return line.slice(1).split(',`');
}
