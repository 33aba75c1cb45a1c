import { z } from 'zod';
import type { BillDesk } from './bills/desk.ts';
import type { ArmedFaults } from './faults/armed.ts';
import { FAULTS_MAX } from './faults/armed.ts';
import { armShape, OPERATIONS, VOCABULARY } from './faults/vocabulary.ts';
import { controlError, jsonAnswer, type SandboxAnswer, type SandboxRequest, splitPath } from './http.ts';
import type { Identity } from './identity/identity.ts';
import { merchantFile } from './identity/merchant.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Payouts } from './ledger/payouts.ts';
import { REFUND_STATUSES, refundView } from './ledger/refund.ts';
import type { LedgerTrade } from './ledger/trade.ts';
import { notificationView } from './notifications/notification.ts';
import type { Notifier } from './notifications/notifier.ts';
import { phonePage } from './phone/pages.ts';
import { codeIn, codesAnswer, scanAnswer, tapAnswer } from './phone/phone.ts';

const TEN_YEARS_MS = 10 * 365 * 86_400_000;
const clockShape = z.strictObject({ advanceMs: z.number().int().min(1).max(TEN_YEARS_MS) });
const billNo = z.string().min(1).max(64);
const billFen = z.number().int().min(1).max(10_000_000_000);
const billsShape = z.strictObject({
  channel: z.enum(['alipay', 'wechat']),
  day: z.iso.date(),
  changes: z
    .array(
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('omit'), no: billNo }),
        z.strictObject({ kind: z.literal('amount'), no: billNo, amountFen: billFen }),
        z.strictObject({ kind: z.literal('add'), tradeNo: billNo, amountFen: billFen }),
        z.strictObject({ kind: z.literal('withdraw'), no: billNo, amountFen: billFen }),
      ]),
    )
    .min(1)
    .max(1_000),
});
const rotateShape = z.strictObject({
  to: z.enum(['next_certificate', 'retire_old_certificate', 'public_key_only', 'certificates']),
});
const refundShape = z.strictObject({ refundNo: z.string().min(1).max(64), status: z.enum(REFUND_STATUSES) });
const byHandShape = z.strictObject({
  channel: z.enum(['alipay', 'wechat']),
  tradeNo: z.string().min(1).max(64),
  amountFen: z.number().int().min(1).max(10_000_000_000),
  /** Absent: a number as the wallet's own site makes them. */
  refundNo: z.string().min(1).max(64).optional(),
});
export type Rotation = z.infer<typeof rotateShape>['to'];

/** What the sandbox's own controls act on. */
export interface Controls {
  ledger: Ledger;
  bills: BillDesk;
  faults: ArmedFaults;
  notifier: Notifier;
  payouts: Payouts;
  /** A number as the wallets' own sites make them. */
  freshRefundNo: () => string;
  identity: () => Identity;
  /** Null when done, else why it cannot be done now. */
  rotate: (to: Rotation) => Promise<string | null>;
}

type Route = (
  controls: Controls,
  request: SandboxRequest,
  origin: string,
) => SandboxAnswer | Promise<SandboxAnswer>;

const ROUTES: Record<string, Partial<Record<string, Route>>> = {
  '/healthz': { GET: () => jsonAnswer(200, { status: 'ok', service: 'sandbox' }) },
  '/merchant.json': {
    GET: ({ identity }, _request, origin) => jsonAnswer(200, merchantFile(identity(), origin)),
  },
  '/ledger': { GET: wholeLedger },
  '/phone/codes': { GET: ({ ledger }) => codesAnswer(ledger) },
  '/phone/scan': { POST: onCode((ledger, code) => scanAnswer(ledger, code)) },
  '/phone/pay': { POST: onCode((ledger, code) => tapAnswer(ledger, code, ledger.pay(code))) },
  '/phone/type': { POST: onCode((ledger, code) => tapAnswer(ledger, code, ledger.typing(code, 'type'))) },
  '/phone/back': {
    POST: onCode((ledger, code) => tapAnswer(ledger, code, ledger.typing(code, 'turn_back'))),
  },
  '/faults': {
    GET: ({ faults }) => jsonAnswer(200, { armed: faults.list(), operations: OPERATIONS, kinds: VOCABULARY }),
    POST: armFault,
    DELETE: ({ faults }) => jsonAnswer(200, { cleared: faults.clear() }),
  },
  '/bills': { POST: seedBills, DELETE: ({ bills }) => jsonAnswer(200, { cleared: bills.clear() }) },
  '/refunds': { POST: settleRefund },
  '/refunds/by-hand': { POST: refundByHand },
  '/clock': { POST: hasten },
  '/rotate': { POST: rotate },
};

/** The sandbox's own paths, beside the wallets'. `origin` is how the caller reached us. */
export async function control(
  controls: Controls,
  request: SandboxRequest,
  origin: string,
): Promise<SandboxAnswer> {
  const { pathname } = splitPath(request.path);
  const routes = Object.hasOwn(ROUTES, pathname) ? ROUTES[pathname] : undefined;
  const page = request.method === 'GET' ? await phonePage(pathname) : null;
  if (page) return page;
  if (!routes) return controlError(404, 'not_found', `Nothing at ${pathname}. See sandbox/README.md.`);
  const route = Object.hasOwn(routes, request.method) ? routes[request.method] : undefined;
  if (route) return route(controls, request, origin);
  const allow = Object.keys(routes).join(', ');
  const refused = controlError(405, 'method_not_allowed', `${pathname} takes ${allow}.`);
  return { ...refused, headers: { ...refused.headers, allow } };
}

function onCode(act: (ledger: Ledger, code: string) => SandboxAnswer): Route {
  return ({ ledger }, request) => {
    const json = bodyOf(request);
    if (!json.ok) return json.answer;
    const code = codeIn(json.value);
    return code.ok ? act(ledger, code.code) : code.answer;
  };
}

function armFault({ faults }: Controls, request: SandboxRequest): SandboxAnswer {
  const json = bodyOf(request);
  if (!json.ok) return json.answer;
  const parsed = armShape.safeParse(json.value);
  if (!parsed.success) return invalid(parsed.error);
  const armed = faults.arm(parsed.data);
  if (!armed)
    return controlError(
      409,
      'too_many_faults',
      `${FAULTS_MAX} faults are armed. DELETE /faults clears them.`,
    );
  return jsonAnswer(201, { id: armed.id, ...parsed.data });
}

function wholeLedger({ ledger, notifier }: Controls): SandboxAnswer {
  const notifications = ({ channel, tradeNo }: LedgerTrade) =>
    notifier.of(channel, tradeNo).map(notificationView);
  return jsonAnswer(
    200,
    ledger.view((trade) => ({ notifications: notifications(trade) })),
  );
}

function seedBills({ bills }: Controls, request: SandboxRequest): SandboxAnswer {
  const json = bodyOf(request);
  if (!json.ok) return json.answer;
  const parsed = billsShape.safeParse(json.value);
  if (!parsed.success) return invalid(parsed.error);
  const { channel, day, changes } = parsed.data;
  if (bills.seed(changes.map((change) => ({ channel, day, change }))))
    return jsonAnswer(201, { seeded: changes.length });
  return controlError(409, 'too_many_seeds', 'Too many differences. DELETE /bills clears them.');
}

/** As somebody at the wallet would do it: a refund becomes another, and its merchant is told. */
function settleRefund({ ledger }: Controls, request: SandboxRequest): SandboxAnswer {
  const json = bodyOf(request);
  if (!json.ok) return json.answer;
  const parsed = refundShape.safeParse(json.value);
  if (!parsed.success) return invalid(parsed.error);
  const { refundNo, status } = parsed.data;
  const refund = ledger.refundsNamed(refundNo).find(({ channel }) => channel === 'wechat');
  if (!refund) return controlError(404, 'not_found', `WeChat knows no refund ${refundNo}.`);
  if (refund.status === 'SUCCESS' || refund.status === 'CLOSED')
    return controlError(409, 'not_now', `This refund is ${refund.status}: that is final.`);
  return jsonAnswer(200, refundView(ledger.refundBecomes(refund, status)));
}

/** Somebody of the shop gives money back at the wallet's own site: no till asked for it, and the merchant is told. */
function refundByHand({ ledger, freshRefundNo }: Controls, request: SandboxRequest): SandboxAnswer {
  const json = bodyOf(request);
  if (!json.ok) return json.answer;
  const parsed = byHandShape.safeParse(json.value);
  if (!parsed.success) return invalid(parsed.error);
  const { channel, tradeNo, amountFen, refundNo = freshRefundNo() } = parsed.data;
  const trade = ledger.find(channel, tradeNo);
  if (!trade) return controlError(404, 'not_found', `This wallet knows no trade ${tradeNo}.`);
  if (amountFen > ledger.leftFen(trade))
    return controlError(409, 'not_now', 'No more can go back than was paid and is still there.');
  if (ledger.findRefund(channel, tradeNo, refundNo))
    return controlError(409, 'not_now', `There is a refund ${refundNo} already.`);
  const made = ledger.refund(trade, {
    refundNo,
    providerRefundNo: channel === 'wechat' ? `5030${freshRefundNo()}` : null,
    amountFen,
    reason: '',
    notifyUrl: trade.notifyUrl,
    asked: '',
    endsAs: 'SUCCESS',
    endsAtMs: null,
  });
  return jsonAnswer(201, refundView(made));
}

function hasten({ ledger, bills, notifier, payouts }: Controls, request: SandboxRequest): SandboxAnswer {
  const json = bodyOf(request);
  if (!json.ok) return json.answer;
  const parsed = clockShape.safeParse(json.value);
  if (!parsed.success) return invalid(parsed.error);
  const { advanceMs } = parsed.data;
  bills.hasten(advanceMs);
  const trades = ledger.hasten(advanceMs);
  payouts.scheduleAll();
  return jsonAnswer(200, {
    advancedMs: advanceMs,
    trades,
    notifications: notifier.hasten(advanceMs),
  });
}

async function rotate(controls: Controls, request: SandboxRequest): Promise<SandboxAnswer> {
  const json = bodyOf(request);
  if (!json.ok) return json.answer;
  const parsed = rotateShape.safeParse(json.value);
  if (!parsed.success) return invalid(parsed.error);
  const why = await controls.rotate(parsed.data.to);
  if (why) return controlError(409, 'not_now', why);
  const { wechat } = controls.identity();
  return jsonAnswer(200, {
    platformSerials: wechat.platform.map((platform) => platform.serial),
    publicKeyId: wechat.publicKeyId,
    publicKeyOnly: wechat.publicKeyOnly,
  });
}

function bodyOf(
  request: SandboxRequest,
): { ok: true; value: unknown } | { ok: false; answer: SandboxAnswer } {
  try {
    return { ok: true, value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(request.body)) };
  } catch {
    return { ok: false, answer: controlError(400, 'invalid_json', 'The body is not JSON in UTF-8.') };
  }
}

function invalid(error: z.ZodError): SandboxAnswer {
  const issues = error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const first = issues[0];
  return controlError(
    400,
    'invalid_input',
    `${first?.path || 'The body'}: ${first?.message ?? 'not valid'}. GET /faults shows what there is.`,
    { issues },
  );
}
