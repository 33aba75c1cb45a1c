import { z } from 'zod';
import { HOUR, MINUTE } from '../../ports/clock.ts';
import { wechatTimeMs } from '../../wire/china-time.ts';
import { paramError } from './words.ts';

const DAY = 24 * HOUR;
/** A trade without `time_expire` is payable so long. */
const PAYABLE_DEFAULT_MS = 7 * DAY;
const PAYABLE_MIN_MS = MINUTE;
const PAYABLE_MAX_MS = 90 * DAY;
const TOTAL_FEN_MAX = 10_000_000_000;

/** Counted in characters, as the page of the API says. */
function text(lengthMin: number, lengthMax: number) {
  return z.string().refine((value) => {
    const length = [...value].length;
    return length >= lengthMin && length <= lengthMax;
  }, `字符串长度应在${lengthMin}到${lengthMax}之间`);
}

const NO_CHARACTERS = /^[0-9A-Za-z_\-|*]{6,32}$/;
const notifyUrl = text(1, 255).refine(isNotifyUrl, '通知地址必须为https且不能携带参数');
const timeExpire = z
  .string()
  .refine(
    (value) => !value.includes('.') && wechatTimeMs(value) !== null,
    '时间格式应遵循rfc3339，精确到秒并带时区',
  );

const nativeShape = z.object({
  appid: text(1, 32),
  mchid: text(1, 32),
  description: text(1, 127),
  out_trade_no: z.string().regex(NO_CHARACTERS, '商户订单号应为6到32个字符的数字、字母、_-|*'),
  notify_url: notifyUrl,
  amount: z.object({
    total: z.int('总金额应为整数，单位为分').min(1, '总金额应大于0').max(TOTAL_FEN_MAX, '总金额过大'),
    currency: z.literal('CNY').optional(),
  }),
  time_expire: timeExpire.optional(),
  attach: text(0, 128).optional(),
  goods_tag: text(0, 32).optional(),
  support_fapiao: z.boolean().optional(),
  detail: z.looseObject({}).optional(),
  scene_info: z
    .object({
      payer_client_ip: text(1, 45),
      device_id: text(0, 32).optional(),
      store_info: z.looseObject({ id: text(1, 32) }).optional(),
    })
    .optional(),
  settle_info: z.object({ profit_sharing: z.boolean().optional() }).optional(),
});

export type NativeParams = z.infer<typeof nativeShape>;

/** Checks the body of a native order. Throws PARAM_ERROR with the first field that breaks a rule. */
export function nativeParams(body: Uint8Array): { params: NativeParams; asked: string } {
  const json = parseBody(body);
  return { params: parsed(nativeShape, json), asked: JSON.stringify(sorted(json)) };
}

const REFUND_NO = /^[0-9A-Za-z_\-|*@]{1,64}$/;
const REFUND_NO_RULE = '商户退款单号应为1到64个字符的数字、字母、_-|*@';
const fenAmount = z.int('金额应为整数，单位为分').min(1, '金额应大于0').max(TOTAL_FEN_MAX, '金额过大');

const refundShape = z
  .object({
    transaction_id: text(1, 32).optional(),
    out_trade_no: z.string().regex(NO_CHARACTERS, '商户订单号不合法').optional(),
    out_refund_no: z.string().regex(REFUND_NO, REFUND_NO_RULE),
    reason: text(0, 80).optional(),
    notify_url: notifyUrl.optional(),
    funds_account: z.literal('AVAILABLE').optional(),
    amount: z.object({ refund: fenAmount, total: fenAmount, currency: z.literal('CNY', '币种应为CNY') }),
    goods_detail: z.array(z.looseObject({})).optional(),
  })
  .refine(
    (body) => (body.transaction_id === undefined) !== (body.out_trade_no === undefined),
    '微信订单号和商户订单号必须二选一',
  );

/** Checks the body of a refund. Throws PARAM_ERROR with the first field that breaks a rule. */
export function refundParams(body: Uint8Array): { params: z.infer<typeof refundShape>; asked: string } {
  const json = parseBody(body);
  return { params: parsed(refundShape, json), asked: JSON.stringify(sorted(json)) };
}

/** The number in a path. Throws PARAM_ERROR. */
export function refundNoInPath(segment: string): string {
  const refundNo = decoded(segment);
  if (refundNo === null || !REFUND_NO.test(refundNo))
    throw paramError('uri_template', 'out_refund_no', REFUND_NO_RULE, segment);
  return refundNo;
}

/** Checks the body of a close; gives the merchant it names. */
export function closeMchId(body: Uint8Array): string {
  return parsed(z.object({ mchid: text(1, 32) }), parseBody(body)).mchid;
}

/** The number in a path. Throws PARAM_ERROR. */
export function tradeNoInPath(segment: string): string {
  const tradeNo = decoded(segment);
  if (tradeNo === null || !NO_CHARACTERS.test(tradeNo))
    throw paramError('uri_template', 'out_trade_no', '商户订单号应为6到32个字符的数字、字母、_-|*', segment);
  return tradeNo;
}

export function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

/** When a new trade stops being payable: too near is lifted, too far is cut (protocol: time_expire). */
export function payableUntilMs(timeExpireText: string | undefined, nowMs: number): number {
  const wanted = timeExpireText === undefined ? null : wechatTimeMs(timeExpireText);
  if (wanted === null) return nowMs + PAYABLE_DEFAULT_MS;
  return Math.min(Math.max(wanted, nowMs + PAYABLE_MIN_MS), nowMs + PAYABLE_MAX_MS);
}

function parseBody(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw paramError('body', '/', '请求报文不是合法的JSON');
  }
}

function parsed<T extends z.ZodType>(shape: T, json: unknown): z.output<T> {
  const result = shape.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path ?? [];
  const value = path.reduce<unknown>(
    (at, name) => (typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined),
    json,
  );
  throw paramError('body', `/${path.join('/')}`, issue?.message ?? '不合法', value);
}

/** https without query; plain http is let through on loopback, where tills under test listen. */
function isNotifyUrl(value: string): boolean {
  if (!URL.canParse(value) || value.includes('?') || value.includes('#')) return false;
  const { protocol, hostname } = new URL(value);
  const loopback = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  return protocol === 'https:' || (protocol === 'http:' && loopback);
}

/** With members in one order, so that two texts of the same content are equal. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}
