import { parse } from 'csv-parse/sync';
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
import { unzipped } from './bill-packing.ts';
import { alipayTimeMs } from './china-time.ts';

/** The lines of the business detail (`…业务明细.csv`) in the zip that Alipay gives. Throws {@link BillError}. */
export function readAlipayBillZip(bytes: AsyncIterable<Uint8Array>, of: BillOf): AsyncGenerator<BillLine[]> {
  return readAlipayBill(
    unzipped(bytes, (name) => name.endsWith('.csv') && !name.includes('汇总')),
    of,
  );
}

/**
 * The business detail itself: GBK, comment lines that begin with `#`, a head, rows whose cells may end in tabs
 * and blanks, and a closing comment, without which it was cut off. Throws {@link BillError}, also where the file
 * says that it is another account's or another day's.
 */
export function readAlipayBill(bytes: AsyncIterable<Uint8Array>, of: BillOf): AsyncGenerator<BillLine[]> {
  return ofDay(detailOf(bytes, of), of.day);
}

async function* detailOf(bytes: AsyncIterable<Uint8Array>, of: BillOf): AsyncGenerator<BillLine[]> {
  let line: ReturnType<typeof lineReader> | null = null;
  let row = 0;
  let isEnded = false;
  const counted = { payment: 0, refund: 0 };
  const announced: Partial<typeof counted> = {};
  for await (const lines of billLines(bytes, 'gbk')) {
    const data: string[] = [];
    for (const text of lines) {
      if (text.trim() === '') continue;
      if (!text.startsWith('#')) {
        if (isEnded) throw new BillError('format', 'Something follows the end of the list.');
        data.push(text);
        continue;
      }
      checkHead(text, of);
      if (text.includes('明细列表结束')) isEnded = true;
      const total = /^#(交易|退款)合计[:：]\s*(\d{1,12})笔/.exec(text);
      if (total) announced[total[1] === '交易' ? 'payment' : 'refund'] = Number(total[2]);
    }
    const records = data.length > 0 ? recordsOf(data) : [];
    if (!line && records.length > 0) line = lineReader(records.shift() ?? []);
    const read = line;
    if (!read || records.length === 0) continue;
    yield records.map((cells) => {
      row += 1;
      const found = read(cells, row);
      if (found.kind === 'payment' || found.kind === 'refund') counted[found.kind] += 1;
      return found;
    });
  }
  if (!line) throw new BillError('format', 'The bill is empty.');
  if (!isEnded) throw new BillError('truncated', 'The bill has no end: it was cut off.');
  for (const kind of ['payment', 'refund'] as const)
    if (announced[kind] !== undefined && announced[kind] !== counted[kind])
      throw new BillError(
        'truncated',
        `The bill has ${counted[kind]} rows of ${kind}; its summary counts ${announced[kind]}.`,
      );
}

/** Throws {@link BillError} when a comment names another account, or another day to begin with. */
function checkHead(comment: string, { merchantId, day }: BillOf): void {
  // An account's number is the merchant's with more digits behind it.
  const account = /^#账号[:：]\s*\[(\d+)\]/.exec(comment)?.[1];
  if (account && merchantId && !account.startsWith(merchantId))
    throw new BillError('other_merchant', `The bill is that of the account ${account}.`);
  const [, year, month, date] = /^#起始日期[:：]\s*\[(\d{4})年(\d{2})月(\d{2})日/.exec(comment) ?? [];
  if (year && `${year}-${month}-${date}` !== day)
    throw new BillError('other_day', `The bill begins on ${year}-${month}-${date}.`);
}

/**
 * The cells of each line. Hardly a line has a quotation mark, and those without one need no parser: it takes ten
 * times as long.
 */
function recordsOf(lines: readonly string[]): string[][] {
  const quoted = lines.filter((line) => line.includes('"'));
  // A cell that goes on in the next line: only all of them together are CSV.
  if (quoted.some((line) => (line.split('"').length - 1) % 2 === 1)) return parsed(lines);
  const records = quoted.length > 0 ? parsed(quoted) : [];
  let next = 0;
  return lines.map((line) =>
    line.includes('"') ? (records[next++] ?? []) : line.split(',').map((cell) => cell.trim()),
  );
}

function parsed(lines: readonly string[]): string[][] {
  try {
    return parse(lines.join('\n'), { trim: true, relax_quotes: true, relax_column_count: true });
  } catch (error) {
    throw new BillError('format', 'A line of the bill is no CSV.', { cause: error });
  }
}

function lineReader(columns: readonly string[]): (cells: readonly string[], row: number) => BillLine {
  const column = columnFinder(columns);
  const tradeNo = column('商户订单号');
  const providerTradeNo = column('支付宝交易号');
  const kindWord = column('业务类型');
  const amount = column('订单金额(元)');
  const refundNo = column('退款批次号/请求号', '退款批次号');
  const completed = column('完成时间');
  const fee = optionalColumn(columns, '服务费(元)');
  return (cells, row) => {
    const word = kindWord(cells);
    const kind = word === '交易' ? 'payment' : word === '退款' ? 'refund' : 'other';
    return {
      row,
      kind,
      tradeNo: tradeNo(cells),
      providerTradeNo: providerTradeNo(cells),
      refundNo: kind === 'refund' ? refundNo(cells) : null,
      providerRefundNo: null,
      amountFen: Math.abs(billFen(amount(cells))),
      // The bill has what leaves the account as negative.
      feeMilliFen: -billMilliFen(fee(cells) || '0'),
      atMs: alipayTimeMs(completed(cells)),
      status: word,
    };
  };
}
