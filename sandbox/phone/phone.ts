import { z } from 'zod';
import { wechatTime } from '../../wire/china-time.ts';
import { controlError, jsonAnswer, type SandboxAnswer } from '../http.ts';
import type { Found, Ledger, PhoneOutcome } from '../ledger/ledger.ts';

/** The shop as the customer's wallet names it. */
const MERCHANT_NAME = '沙箱小店 Sandbox Shop';

const codeShape = z.strictObject({ code: z.string().min(1).max(512) });

const REASONS = {
  unknown_code: 'No wallet here knows this code.',
  already_paid: 'This trade is already paid.',
  closed: 'The merchant has closed this trade.',
  expired: 'The time to pay this trade is over.',
  code_expired: 'This code is too old. Ask the merchant for a new one.',
} as const;

/** Reads `{code}`; the code is what a QR code says. */
export function codeIn(body: unknown): { ok: true; code: string } | { ok: false; answer: SandboxAnswer } {
  const parsed = codeShape.safeParse(body);
  if (parsed.success) return { ok: true, code: parsed.data.code.trim() };
  const answer = controlError(400, 'invalid_input', 'Expected {"code": "…"}: the text of a QR code.');
  return { ok: false, answer };
}

/** What the customer sees after scanning, also when it cannot be paid any more. */
export function scanAnswer(ledger: Ledger, code: string): SandboxAnswer {
  const outcome = ledger.scan(code);
  const found = ledger.findByCode(code);
  if (!found || (!outcome.ok && outcome.why === 'unknown_code'))
    return controlError(404, 'unknown_code', REASONS.unknown_code);
  const why = outcome.ok ? null : outcome.why;
  return jsonAnswer(200, {
    ...shown(found),
    payable: outcome.ok,
    reason: why && { code: why, message: REASONS[why] },
  });
}

/** The answer to a tap that must succeed: pay, typing, turning back. */
export function tapAnswer(ledger: Ledger, code: string, outcome: PhoneOutcome): SandboxAnswer {
  const found = ledger.findByCode(code);
  if (!outcome.ok || !found) {
    const why = outcome.ok ? 'unknown_code' : outcome.why;
    return controlError(
      why === 'unknown_code' ? 404 : 409,
      why,
      REASONS[why],
      found ? { trade: shown(found) } : {},
    );
  }
  return jsonAnswer(200, shown(found));
}

/** All codes that can be scanned now, newest first. */
export function codesAnswer(ledger: Ledger): SandboxAnswer {
  return jsonAnswer(200, { codes: ledger.scannable().slice(0, 50).map(shown) });
}

function shown({ trade, code }: Found): object {
  const ends = [code.expiresAtMs, trade.payableUntilMs].filter((end) => end !== null);
  return {
    code: code.code,
    wallet: trade.channel,
    merchant: MERCHANT_NAME,
    subject: trade.subject,
    amountFen: trade.amountFen,
    tradeNo: trade.tradeNo,
    providerTradeNo: trade.providerTradeNo,
    state: trade.state,
    madeAt: wechatTime(code.madeAtMs),
    expiresAt: wechatTime(Math.min(...ends)),
    paidAt: trade.paidAtMs === null ? null : wechatTime(trade.paidAtMs),
  };
}
