/**
 * The wallets' bills as lines of one shape. Pure, streaming, in bounded memory: bytes in, batches of lines out.
 * A bill counts only once it was read to its end: a reader throws {@link BillError} where a file stops short.
 */
export interface BillLine {
  /** Row of the file, from 1; the head does not count. */
  row: number;
  /**
   * `payment` a trade was paid · `refund` a part was returned · `fee` the wallet's charge for its service, and
   * `withdrawal` what the merchant took to its bank (on a bill of movements) · `other` a word that no table here knows.
   */
  kind: 'payment' | 'refund' | 'fee' | 'withdrawal' | 'other';
  /** Our number (`out_trade_no`); on a bill of movements whatever its voucher says, which may be nothing. */
  tradeNo: string;
  providerTradeNo: string;
  /** Our number of the refund (`out_refund_no`, `out_request_no`). */
  refundNo: string | null;
  providerRefundNo: string | null;
  /** What was paid or is returned, never negative. Integer fen. */
  amountFen: number;
  /** What the wallet keeps, in thousandths of a fen; negative where it gives back. */
  feeMilliFen: number;
  /** Milliseconds since the epoch; null where the cell is no time. */
  atMs: number | null;
  /** The wallet's own word. */
  status: string;
}

export type BillFault =
  /** Not the format at all, or a column is missing. */
  | 'format'
  /** The file ends before its last line, or its own count of lines is another. */
  | 'truncated'
  /** The bytes are not those that the wallet announced. */
  | 'hash'
  /** It is another merchant's. */
  | 'other_merchant'
  /** It is another day's, or that of many days. */
  | 'other_day'
  /** A line, or what a packed file unpacks to, is beyond all measure. */
  | 'too_large';

export class BillError extends Error {
  override readonly name = 'BillError';
  readonly fault: BillFault;
  constructor(fault: BillFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** Whose bill it must be, and of which of the wallet's days (`yyyy-MM-dd`). */
export interface BillOf {
  /** The merchant's number at the wallet; absent where it is not known, and is not compared. */
  merchantId?: string | undefined;
  day: string;
}

/** A day of a merchant with a million trades has about 300 MB. */
export const BILL_BYTES_MAX = 1024 * 1024 * 1024;
const LINE_CHARACTERS_MAX = 64 * 1024;

/** Yuan as a bill has them (`"88.88"`, `"-10.00"`, `"1234"`) to integer fen, digit by digit. Throws {@link BillError}. */
export function billFen(yuan: string): number {
  const milli = billMilliFen(yuan);
  if (milli % 1_000 !== 0) throw new BillError('format', `Not whole fen: ${JSON.stringify(yuan)}.`);
  return milli / 1_000;
}

/** Yuan with up to five decimals, as fees have them, to thousandths of a fen. Throws {@link BillError}. */
export function billMilliFen(yuan: string): number {
  const match = /^([+-]?)(\d{1,10})(?:\.(\d{1,5}))?$/.exec(yuan);
  if (!match) throw new BillError('format', `Not an amount in yuan: ${JSON.stringify(yuan.slice(0, 40))}.`);
  const milli = Number(`${match[2]}${(match[3] ?? '').padEnd(5, '0')}`);
  return match[1] === '-' && milli !== 0 ? -milli : milli;
}

/** Text of `encoding` in batches of whole lines, without their ends; the byte order mark is dropped. */
export async function* billLines(
  bytes: AsyncIterable<Uint8Array>,
  encoding: 'utf-8' | 'gbk',
): AsyncGenerator<string[]> {
  const decoder = new TextDecoder(encoding);
  let rest = '';
  let size = 0;
  for await (const piece of bytes) {
    size += piece.length;
    if (size > BILL_BYTES_MAX) throw new BillError('too_large', 'The bill has more than 1 GiB.');
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LINE_CHARACTERS_MAX) throw new BillError('too_large', 'A line of the bill has no end.');
    if (lines.length > 0) yield lines.map(withoutReturn);
  }
  rest += decoder.decode();
  if (rest !== '') yield [withoutReturn(rest)];
}

/** The cells of a row by the head's words, whatever their order; `name` may be one of several spellings. */
export function columnFinder(columns: readonly string[]) {
  const at = new Map(columns.map((name, index) => [plain(name), index]));
  return (...names: readonly [string, ...string[]]): ((cells: readonly string[]) => string) => {
    const index = names.map((name) => at.get(plain(name))).find((found) => found !== undefined);
    if (index === undefined) throw new BillError('format', `The bill has no column ${names[0]}.`);
    return (cells) => cells[index] ?? '';
  };
}

/** Like a finder's column, but empty where the bill has none of it. */
export function optionalColumn(
  columns: readonly string[],
  ...names: readonly [string, ...string[]]
): (cells: readonly string[]) => string {
  const known = new Set(columns.map(plain));
  return names.some((name) => known.has(plain(name))) ? columnFinder(columns)(...names) : () => '';
}

/** Brackets come in both widths. */
function plain(name: string): string {
  return name.trim().replaceAll('（', '(').replaceAll('）', ')');
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
