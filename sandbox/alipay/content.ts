import { type Fen, fen, yuanToFen } from '../../backend/domain/money.ts';
import { HOUR, MINUTE } from '../../ports/clock.ts';
import { alipayTimeMs } from '../../wire/china-time.ts';
import { AlipayRefusal } from './words.ts';

export type Content = Readonly<Record<string, unknown>>;

const TOTAL_FEN_MAX = fen(10_000_000_000);
const DAY = 24 * HOUR;
const CHINA_OFFSET_MS = 8 * HOUR;
const UNITS_MS = { m: MINUTE, h: HOUR, d: DAY } as const;
const TIMEOUT_MAX_MS = 15 * DAY;
const PRODUCT_CODES = ['FACE_TO_FACE_PAYMENT', 'QR_CODE_OFFLINE'];

/** Parses the content. Throws {@link AlipayRefusal} unless it is one JSON object. */
export function parseContent(text: string): Content {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Content;
  } catch {
    // Falls through to the one refusal.
  }
  throw new AlipayRefusal('isv.invalid-parameter', 'biz_content不是一个JSON对象');
}

export interface PrecreateContent {
  tradeNo: string;
  amountFen: Fen;
  subject: string;
  /** Life of the code from its making. */
  codeLifeMs: number | null;
  /** Life of the trade from the scan. */
  tradeLifeMs: number | null;
  /** The last payable moment (`time_expire`). */
  untilMs: number | null;
}

/** Checks the content of a precreate as the wallet does. Throws {@link AlipayRefusal}. */
export function precreateContent(content: Content, sellerId: string, nowMs: number): PrecreateContent {
  const tradeNo = tradeNoOf(content, true);
  const amountFen = amountOf(content, 'total_amount');
  const subject = textOf(content, 'subject', 256, true);
  // 4-byte characters pass, as on the real wallet; the separators of the signed text and control characters do not.
  if (/[/=&\p{Cc}]/u.test(subject)) throw invalid('subject含有特殊字符，不能含/、=、&及控制字符');
  for (const [name, lengthMax] of [
    ['body', 128],
    ['operator_id', 28],
    ['store_id', 32],
    ['terminal_id', 32],
    ['seller_id', 28],
    ['alipay_store_id', 32],
  ] as const)
    textOf(content, name, lengthMax, false);
  if (content.seller_id !== undefined && content.seller_id !== sellerId)
    throw new AlipayRefusal('ACQ.PARTNER_ERROR', '应用APP_ID与卖家不匹配');
  if (content.product_code !== undefined && !PRODUCT_CODES.includes(String(content.product_code)))
    throw invalid(`product_code只能是${PRODUCT_CODES.join('或')}`);
  if (content.goods_detail !== undefined && !Array.isArray(content.goods_detail))
    throw invalid('goods_detail不是数组');
  return {
    tradeNo,
    amountFen,
    subject,
    codeLifeMs: timeoutOf(content, 'qr_code_timeout_express', nowMs),
    tradeLifeMs: timeoutOf(content, 'timeout_express', nowMs),
    untilMs: untilOf(content, nowMs),
  };
}

/** The numbers by which query, close and cancel name a trade: one of them at least. */
export function tradeReference(content: Content): { tradeNo: string | null; providerTradeNo: string | null } {
  const tradeNo = tradeNoOf(content, false) || null;
  const providerTradeNo = textOf(content, 'trade_no', 64, false) || null;
  if (!tradeNo && !providerTradeNo) throw invalid('out_trade_no和trade_no不能同时为空');
  textOf(content, 'operator_id', 28, false);
  if (content.query_options !== undefined && !Array.isArray(content.query_options))
    throw invalid('query_options不是数组');
  return { tradeNo, providerTradeNo };
}

/** What a refund asks for. Throws {@link AlipayRefusal}. */
export function refundContent(content: Content): {
  amountFen: Fen;
  requestNo: string | null;
  reason: string;
} {
  return {
    amountFen: amountOf(content, 'refund_amount'),
    requestNo: textOf(content, 'out_request_no', 64, false) || null,
    reason: textOf(content, 'refund_reason', 256, false),
  };
}

/** What a query of a refund asks for. Throws {@link AlipayRefusal}. */
export function refundQueryContent(content: Content): { requestNo: string; options: readonly unknown[] } {
  const options = content.query_options;
  if (options !== undefined && !Array.isArray(options)) throw invalid('query_options不是数组');
  return { requestNo: textOf(content, 'out_request_no', 64, true), options: options ?? [] };
}

function tradeNoOf(content: Content, needed: boolean): string {
  const tradeNo = textOf(content, 'out_trade_no', 64, needed);
  if (tradeNo !== '' && !/^[A-Za-z0-9_]+$/.test(tradeNo))
    throw invalid('out_trade_no只能包含字母、数字、下划线');
  return tradeNo;
}

function amountOf(content: Content, name: 'total_amount' | 'refund_amount'): Fen {
  const text = textOf(content, name, 12, true);
  if (!/^(0|[1-9]\d*)(\.\d{1,2})?$/.test(text))
    throw invalid(`${name}格式不正确，单位为元，精确到小数点后两位`);
  const amount = yuanToFen(text);
  if (amount < 1) throw invalid(`${name}不能小于0.01`);
  if (amount > TOTAL_FEN_MAX) throw new AlipayRefusal('ACQ.TOTAL_FEE_EXCEED', '订单总金额超过限额');
  return amount;
}

function textOf(content: Content, name: string, lengthMax: number, needed: boolean): string {
  const value = content[name];
  if (value === undefined || value === null || value === '') {
    if (needed) throw invalid(`${name}不能为空`);
    return '';
  }
  if (typeof value !== 'string') throw invalid(`${name}不是字符串`);
  if ([...value].length > lengthMax) throw invalid(`${name}超过${lengthMax}个字符`);
  return value;
}

/** `1m` to `15d` with m, h or d, or `1c`: until midnight in China. */
function timeoutOf(content: Content, name: string, nowMs: number): number | null {
  const text = textOf(content, name, 6, false);
  if (text === '') return null;
  if (text === '1c') return DAY - ((nowMs + CHINA_OFFSET_MS) % DAY);
  const match = /^([1-9]\d{0,4})([mhd])$/.exec(text);
  const ms = match ? Number(match[1]) * UNITS_MS[match[2] as keyof typeof UNITS_MS] : 0;
  if (ms < MINUTE || ms > TIMEOUT_MAX_MS) throw invalid(`${name}取值范围为1m～15d，或1c`);
  return ms;
}

function untilOf(content: Content, nowMs: number): number | null {
  const text = textOf(content, 'time_expire', 19, false);
  if (text === '') return null;
  const untilMs = alipayTimeMs(text);
  if (untilMs === null) throw invalid('time_expire格式应为yyyy-MM-dd HH:mm:ss');
  if (untilMs <= nowMs) throw invalid('time_expire早于当前时间');
  return untilMs;
}

function invalid(message: string): AlipayRefusal {
  return new AlipayRefusal('ACQ.INVALID_PARAMETER', `参数无效：${message}`);
}
