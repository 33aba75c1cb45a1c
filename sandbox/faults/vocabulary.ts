import { z } from 'zod';
import { PAYOUT_MS } from '../ledger/payouts.ts';
import { REFUND_STATUSES } from '../ledger/refund.ts';

const CHANNELS = ['alipay', 'wechat'] as const;
export const OPERATIONS = {
  alipay: ['precreate', 'query', 'close', 'cancel', 'refund', 'refund_query', 'bill', 'notify'],
  wechat: ['native', 'query', 'close', 'refund', 'refund_query', 'certificates', 'bill', 'notify'],
} as const;

/** What a till asks, and `notify`: what a wallet posts by itself. */
export type Operation = (typeof OPERATIONS)[keyof typeof OPERATIONS][number];
type Channel = (typeof CHANNELS)[number];

const when = z.enum(['before', 'after']);
const delayMs = z.number().int().min(0).max(600_000);
const DAY_MS = 86_400_000;
const holdMs = delayMs.default(30_000);
const word = z.string().regex(/^[A-Za-z_]{1,40}$/);

/** Every fault kind. Where `when` is taken, `before` means that the wallet has not acted. */
const faultShape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('delay'), ms: delayMs, when: when.default('before') }),
  z.strictObject({ kind: z.literal('drop_before'), holdMs }),
  z.strictObject({ kind: z.literal('drop_after'), holdMs }),
  z.strictObject({ kind: z.literal('reset_before') }),
  z.strictObject({ kind: z.literal('reset_after') }),
  z.strictObject({
    kind: z.literal('http_status'),
    status: z.number().int().min(400).max(599),
    body: z.string().max(100_000).optional(),
    when: when.default('before'),
  }),
  z.strictObject({ kind: z.literal('half_body') }),
  z.strictObject({ kind: z.literal('html'), when: when.default('before') }),
  z.strictObject({ kind: z.literal('wrong_signature') }),
  z.strictObject({ kind: z.literal('missing_signature') }),
  z.strictObject({ kind: z.literal('signtest') }),
  z.strictObject({ kind: z.literal('wrong_amount') }),
  z.strictObject({ kind: z.literal('wrong_app_id') }),
  z.strictObject({ kind: z.literal('wrong_merchant') }),
  z.strictObject({ kind: z.literal('wrong_trade_no') }),
  z.strictObject({ kind: z.literal('system_error'), when: when.default('before') }),
  z.strictObject({ kind: z.literal('throttled') }),
  z.strictObject({ kind: z.literal('retry_flag') }),
  z.strictObject({ kind: z.literal('status_word'), word }),
  z.strictObject({
    kind: z.literal('refund_ends'),
    as: z.enum(REFUND_STATUSES),
    afterMs: delayMs.default(PAYOUT_MS),
  }),
  z.strictObject({
    kind: z.literal('clock_skew'),
    ms: z
      .number()
      .int()
      .min(-10 * 365 * DAY_MS)
      .max(10 * 365 * DAY_MS),
  }),
  z.strictObject({
    kind: z.literal('refuse'),
    code: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/),
    status: z.number().int().min(400).max(599).optional(),
  }),
  z.strictObject({ kind: z.literal('duplicate'), copies: z.number().int().min(1).max(10).default(1) }),
  z.strictObject({ kind: z.literal('late'), ms: z.number().int().min(0).max(DAY_MS) }),
  z.strictObject({ kind: z.literal('reordered'), holdMs }),
  z.strictObject({ kind: z.literal('dropped') }),
  z.strictObject({ kind: z.literal('other_key') }),
]);

export type Fault = z.infer<typeof faultShape>;
export type FaultKind = Fault['kind'];

const TRADE = ['precreate', 'native', 'query', 'close', 'cancel', 'refund', 'refund_query'] as const;
const ANY = [...TRADE, 'certificates', 'bill'] as const;
const BOTH = CHANNELS;
const NONE = { on: [], operations: [] } as const;

/**
 * Where a fault makes sense, and what it does: `GET /faults` prints this. `on` and `operations` are about
 * what a till asks, `notify` names the wallets whose notifications it can befall.
 */
export const VOCABULARY: Record<
  FaultKind,
  { on: readonly Channel[]; operations: readonly Operation[]; notify?: readonly Channel[]; does: string }
> = {
  delay: { on: BOTH, operations: ANY, does: 'waits ms; when: before (default) or after acting' },
  drop_before: {
    on: BOTH,
    operations: ANY,
    does: 'does not act; no answer: the connection is held for holdMs (default 30000), then closed',
  },
  drop_after: { on: BOTH, operations: ANY, does: 'acts; no answer, as drop_before' },
  reset_before: { on: BOTH, operations: ANY, does: 'does not act; resets the connection' },
  reset_after: { on: BOTH, operations: ANY, does: 'acts; resets the connection' },
  http_status: {
    on: BOTH,
    operations: ANY,
    does: 'answers status (400–599), unsigned, with body or a plain page; when: before (default) or after acting',
  },
  half_body: { on: BOTH, operations: ANY, does: 'acts; sends half of the answer, then closes' },
  html: {
    on: BOTH,
    operations: ANY,
    does: 'status 200 with a page instead of JSON, as a captive portal; when: before (default) or after acting',
  },
  wrong_signature: { on: BOTH, operations: ANY, notify: BOTH, does: 'acts; signs with a foreign key' },
  missing_signature: { on: BOTH, operations: ANY, notify: BOTH, does: 'acts; leaves the signature out' },
  signtest: {
    on: ['wechat'],
    operations: ANY,
    notify: ['wechat'],
    does: 'acts; a signature that begins with WECHATPAY/SIGNTEST/, which must fail',
  },
  wrong_amount: {
    on: BOTH,
    operations: ['query', 'refund', 'refund_query'],
    notify: BOTH,
    does: 'acts; genuinely signed, with an amount that is 1 fen higher',
  },
  wrong_app_id: {
    on: ['wechat'],
    operations: ['query'],
    notify: BOTH,
    does: 'genuinely signed, for another app',
  },
  wrong_merchant: {
    on: ['wechat'],
    operations: ['query'],
    notify: BOTH,
    does: 'genuinely signed, for another merchant',
  },
  wrong_trade_no: {
    on: BOTH,
    operations: ['precreate', 'query', 'close', 'cancel', 'refund', 'refund_query'],
    notify: BOTH,
    does: 'genuinely signed, about another number',
  },
  system_error: {
    on: BOTH,
    operations: ANY,
    does: 'the wallet’s own “system error”; when: before (default) or after acting',
  },
  throttled: { on: BOTH, operations: ANY, does: 'does not act; the wallet’s own “too many requests”' },
  retry_flag: { on: ['alipay'], operations: ['cancel'], does: 'does not act; retry_flag Y' },
  status_word: {
    on: BOTH,
    operations: ['query', 'refund', 'refund_query'],
    notify: BOTH,
    does: 'genuinely signed, with word as the status of the trade or refund',
  },
  refund_ends: {
    on: ['wechat'],
    operations: ['refund'],
    does: 'acts; the refund becomes as (SUCCESS, CLOSED, ABNORMAL; PROCESSING: nothing by itself) after afterMs',
  },
  clock_skew: {
    on: BOTH,
    operations: ANY,
    notify: BOTH,
    does: 'the wallet’s clock is ms ahead (or behind): its time window, Date header and signed timestamp',
  },
  refuse: {
    on: BOTH,
    operations: TRADE,
    does: 'does not act; refuses with code: Alipay sub_code, WeChat code (with status, default by code)',
  },
  duplicate: {
    ...NONE,
    notify: BOTH,
    does: 'posts the same bytes copies (default 1) more times, all at once',
  },
  late: { ...NONE, notify: BOTH, does: 'signed now, posted ms later' },
  reordered: {
    ...NONE,
    notify: BOTH,
    does: 'signed now, posted after the next notification, or after holdMs (default 30000) without one',
  },
  dropped: { ...NONE, notify: BOTH, does: 'lost on its way; the next one comes as after a failure' },
  other_key: {
    ...NONE,
    notify: ['wechat'],
    does: 'genuinely signed with the public key instead of the certificate, or the reverse',
  },
};

const onShape = z.strictObject({
  channel: z.enum([...CHANNELS, '*']),
  operation: z.enum([...ANY, 'notify', '*']),
  tradeNo: z.string().min(1).max(64).optional(),
});

export const armShape = z
  .strictObject({
    on: onShape,
    fault: z.unknown(),
    times: z.union([z.number().int().min(1).max(1_000_000), z.literal('always')]).default(1),
    skip: z.number().int().min(0).max(1_000_000).default(0),
  })
  .transform((order, context) => {
    const complain = (message: string, path: string[]) => {
      context.addIssue({ code: 'custom', message, path });
      return z.NEVER;
    };
    const parsed = faultShape.safeParse(order.fault);
    if (!parsed.success) {
      for (const issue of parsed.error.issues)
        context.addIssue({ code: 'custom', message: issue.message, path: ['fault', ...issue.path] });
      return z.NEVER;
    }
    const { on, operations, notify = [] } = VOCABULARY[parsed.data.kind];
    const { channel, operation } = order.on;
    if (operation === 'notify') {
      if (notify.length === 0)
        return complain(`${parsed.data.kind} befalls no notifications.`, ['on', 'operation']);
      if (channel !== '*' && !notify.includes(channel))
        return complain(`${parsed.data.kind} exists only on ${notify.join(', ')}.`, ['on', 'channel']);
      return { ...order, fault: parsed.data };
    }
    if (operations.length === 0)
      return complain(`${parsed.data.kind} exists only on notify.`, ['on', 'operation']);
    if (channel !== '*' && !on.includes(channel))
      return complain(`${parsed.data.kind} exists only on ${on.join(', ')}.`, ['on', 'channel']);
    if (
      channel !== '*' &&
      operation !== '*' &&
      !(OPERATIONS[channel] as readonly string[]).includes(operation)
    )
      return complain(`${channel} has no ${operation}: ${OPERATIONS[channel].join(', ')}.`, [
        'on',
        'operation',
      ]);
    if (operation !== '*' && !operations.includes(operation))
      return complain(`${parsed.data.kind} exists only on ${operations.join(', ')}.`, ['on', 'operation']);
    return { ...order, fault: parsed.data };
  });

export type FaultOrder = z.infer<typeof armShape>;
