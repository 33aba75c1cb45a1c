import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HOUR, MINUTE, SECOND } from '../../ports/clock.ts';
import { fen } from '../domain/money.ts';
import { ANSWER_MAX } from './exchange.ts';
import type { Answered, Asked, OpenRequest, Provider, RefundRequest } from './provider.ts';
import {
  type Answer,
  type Received,
  type Reply,
  type StandInWallet,
  standInWallet,
} from './stand-in-wallet.ts';

/** Things that every wallet can say, each in its own words and signed by it. */
export type Said =
  | { say: 'code'; codeUrl: string }
  | { say: 'unpaid' | 'paying' | 'paid' | 'closed' | 'refunded'; tradeNo?: string; padding?: string }
  | { say: 'unlisted_status' | 'unlisted_code' | 'system_error' | 'no_trade' }
  | { say: 'refused' | 'already_paid' | 'close_accepted' }
  | {
      say: 'refund';
      /** `taken`: the wallet has it, and it is not done · `unlisted`: a status that is on no list. */
      status: 'succeeded' | 'taken' | 'closed' | 'abnormal' | 'unlisted';
      refundNo?: string;
    }
  | { say: 'no_refund' | 'other_amount' | 'no_balance' | 'not_refundable' };

/** One wallet under test: how to make its provider, and how its side of the wire speaks. */
export interface Dialect {
  name: string;
  /** `merchant` 0 and 1 are two merchants with keys of their own. */
  provider(origin: string, options?: { merchant?: 0 | 1; headersMs?: number }): Provider;
  /** The wallet's signed answer to a request, now. */
  speak(said: Said, request: Received, nowMs: number): Answer;
  /** The same answer changed on its way. */
  tampered(answer: Answer): Answer;
  /** The same answer with its signature taken away. */
  unsigned(answer: Answer): Answer;
  /** Whether the request carries a good signature of this merchant. */
  signedBy(request: Received, merchant: 0 | 1): boolean;
  /** What must be equal when a call is repeated: everything but time, nonce and signature. */
  essence(request: Received): unknown;
  /** Texts that no outcome and no kept answer may hold. */
  secrets: readonly string[];
  /** Payer data in the `paid` answer, as the wallet sends it. */
  payer: string;
  /** Whether refunds are paid out later, and may fail then. */
  paysOutLater: boolean;
}

export const NOW = Date.UTC(2026, 10, 21, 4, 0, 0);
export const OPEN: OpenRequest = {
  tradeNo: 'T20261121120000000001',
  amountFen: fen(1_250),
  subject: '拿铁 & 可颂',
  createdAtMs: NOW - SECOND,
  expiresAtMs: NOW + 2 * MINUTE,
};
export const REFUND: RefundRequest = {
  refundNo: 'R20261121120000000001',
  amountFen: fen(500),
  reason: '少送一份 & 可颂',
  trade: OPEN,
};
const OPERATIONS = ['open', 'query', 'close', 'cancel', 'refund', 'refundQuery'] as const;
type Operation = (typeof OPERATIONS)[number];

/** The promises of {@link Provider} that no wallet may break, each proven over real sockets. */
export function describeProvider(dialect: Dialect): void {
  describe(`${dialect.name} as a provider`, () => {
    let wallet: StandInWallet;
    let provider: Provider;
    beforeEach(async () => {
      wallet = await standInWallet();
      provider = dialect.provider(wallet.origin);
    });
    afterEach(async () => {
      await provider.stop();
      await wallet.close();
    });

    const at = (nowMs = NOW): Asked => ({ nowMs });
    const ask = (operation: Operation, nowMs = NOW, of = provider): Promise<Answered<{ kind: string }>> =>
      operation === 'refund' || operation === 'refundQuery'
        ? of[operation](REFUND, at(nowMs))
        : of[operation](OPEN, at(nowMs));
    const says = (said: Said, change: (answer: Answer) => Reply = (answer) => answer, nowMs = NOW) => {
      wallet.answer = (request) => change(dialect.speak(said, request, nowMs));
    };
    const successOf = (operation: Operation): Said =>
      operation === 'open'
        ? { say: 'code', codeUrl: 'https://code' }
        : operation === 'query'
          ? { say: 'paid' }
          : operation === 'refund' || operation === 'refundQuery'
            ? { say: 'refund', status: 'succeeded' }
            : { say: 'close_accepted' };

    test('the code that was obtained comes back as it is', async () => {
      says({ say: 'code', codeUrl: 'https://qr.example/a?b=c' });
      const { outcome, exchange } = await provider.open(OPEN, at());
      expect(outcome).toEqual({ kind: 'code', codeUrl: 'https://qr.example/a?b=c' });
      expect(exchange.httpStatus).toBe(200);
      expect(exchange.answer).toContain('qr.example');
    });

    test.each(['unpaid', 'paying', 'paid', 'closed', 'refunded'] as const)(
      'the wallet’s word for %s is understood',
      async (say) => {
        says({ say });
        const { outcome } = await provider.query(OPEN, at());
        if (outcome.kind !== 'evidence') throw new Error(JSON.stringify(outcome));
        expect(outcome.evidence).toMatchObject({ tradeNo: OPEN.tradeNo, status: say });
        if (say !== 'paid') return;
        expect(outcome.evidence.amountFen).toBe(OPEN.amountFen);
        expect(outcome.evidence.providerTradeNo).toMatch(/^\d{20,}$/);
        expect(outcome.evidence.paidAtMs).toBe(NOW);
      },
    );

    test.each(OPERATIONS)('%s: a repeat sends the same request, signed afresh', async (operation) => {
      says(successOf(operation));
      await ask(operation);
      await ask(operation, NOW + 5 * SECOND);
      const [first, second] = wallet.received;
      if (!first || !second) throw new Error('Two requests were expected.');
      expect(dialect.essence(second)).toEqual(dialect.essence(first));
      for (const request of [first, second]) expect(dialect.signedBy(request, 0)).toBe(true);
    });

    test.each(OPERATIONS)('%s: a refused connection is a network that is not there', async (operation) => {
      await wallet.close();
      const { outcome, exchange } = await ask(operation);
      expect(outcome).toMatchObject({ kind: 'unknown', cause: 'network' });
      expect(exchange).toMatchObject({ httpStatus: null, answer: null });
      wallet = await standInWallet();
    });

    test.each(
      OPERATIONS.flatMap((operation) =>
        (['silent', 'reset', 'half'] as const).map((fault) => [operation, fault] as const),
      ),
    )('%s: after %s nothing is known', async (operation, fault) => {
      wallet.answer = () => fault;
      const impatient = dialect.provider(wallet.origin, { headersMs: 100 });
      const { outcome } = await ask(operation, NOW, impatient);
      expect(outcome).toMatchObject({ kind: 'unknown', cause: 'no_answer' });
      expect(wallet.received).toHaveLength(1);
      await impatient.stop();
    });

    const html = '<html><body>登录</body></html>';
    test.each(OPERATIONS)('%s: a page of a captive portal is no answer', async (operation) => {
      for (const status of [200, 302, 403]) {
        wallet.answer = () => ({
          status,
          headers: { 'content-type': 'text/html', location: '/' },
          body: html,
        });
        const { outcome, exchange } = await ask(operation);
        expect(outcome).toMatchObject({ kind: 'unknown', cause: 'unreadable' });
        expect(exchange).toMatchObject({ httpStatus: status, answer: html });
      }
    });

    test.each(OPERATIONS)('%s: a server error says nothing about the trade', async (operation) => {
      for (const status of [500, 502, 503, 504]) {
        wallet.answer = () => ({ status, body: html });
        expect((await ask(operation)).outcome).toMatchObject({ kind: 'unknown', cause: 'server_error' });
      }
    });

    test.each(OPERATIONS)('%s: the wallet’s own system error is no refusal', async (operation) => {
      says({ say: 'system_error' });
      expect((await ask(operation)).outcome).toMatchObject({ kind: 'unknown', cause: 'server_error' });
    });

    test.each(OPERATIONS)('%s: throttling without a signature only slows us down', async (operation) => {
      wallet.answer = () => ({ status: 429, body: '{"code":"FREQUENCY_LIMITED","message":"慢"}' });
      expect((await ask(operation)).outcome).toMatchObject({ kind: 'unknown', cause: 'throttled' });
    });

    test.each(OPERATIONS)('%s: an answer that was changed on its way proves nothing', async (operation) => {
      says(successOf(operation), dialect.tampered);
      expect((await ask(operation)).outcome).toMatchObject({ kind: 'unknown', cause: 'not_genuine' });
    });

    test.each(OPERATIONS)('%s: an answer without a signature proves nothing', async (operation) => {
      says(successOf(operation), dialect.unsigned);
      expect((await ask(operation)).outcome).toMatchObject({ kind: 'unknown', cause: 'not_genuine' });
    });

    test('that a trade is not there counts only with a signature', async () => {
      says({ say: 'no_trade' }, dialect.unsigned);
      const late = NOW + HOUR;
      expect((await provider.query(OPEN, at(late))).outcome).toMatchObject({
        kind: 'unknown',
        cause: 'not_genuine',
      });
      expect((await provider.close(OPEN, at(late))).outcome).toMatchObject({
        kind: 'unknown',
        cause: 'not_genuine',
      });
      says({ say: 'refused' }, dialect.unsigned);
      expect((await provider.open(OPEN, at())).outcome).toMatchObject({
        kind: 'unknown',
        cause: 'not_genuine',
      });
    });

    test('a trade that is not there is unpaid while its code may live, and closed afterwards', async () => {
      says({ say: 'no_trade' });
      expect((await provider.query(OPEN, at())).outcome).toMatchObject({
        evidence: { status: 'unpaid', amountFen: null },
      });
      const { outcome } = await provider.close(OPEN, at());
      if (outcome.kind !== 'not_yet') throw new Error(JSON.stringify(outcome));
      expect(outcome.payableUntilMs).toBeGreaterThan(OPEN.expiresAtMs);
      for (const [nowMs, status] of [
        [outcome.payableUntilMs - 1, 'unpaid'],
        [outcome.payableUntilMs, 'closed'],
      ] as const) {
        says({ say: 'no_trade' }, undefined, nowMs);
        expect((await provider.query(OPEN, at(nowMs))).outcome).toMatchObject({ evidence: { status } });
      }
    });

    test('a word for a status that is on no list is nobody’s evidence', async () => {
      says({ say: 'unlisted_status' });
      expect((await provider.query(OPEN, at())).outcome).toMatchObject({
        kind: 'unknown',
        cause: 'unlisted',
      });
    });

    test.each(OPERATIONS)(
      '%s: a code that is on no list is neither success nor refusal',
      async (operation) => {
        says({ say: 'unlisted_code' });
        expect((await ask(operation)).outcome).toMatchObject({ kind: 'unknown', cause: 'unlisted' });
      },
    );

    test('a genuine answer about another trade is never evidence', async () => {
      says({ say: 'paid', tradeNo: 'T20261121120000000002' });
      expect((await provider.query(OPEN, at())).outcome).toEqual({
        kind: 'mismatch',
        field: 'tradeNo',
        expected: OPEN.tradeNo,
        received: 'T20261121120000000002',
      });
    });

    test('a refusal for good is one, and a number already used is looked up', async () => {
      says({ say: 'refused' });
      expect((await provider.open(OPEN, at())).outcome).toMatchObject({
        kind: 'refused',
        reason: 'invalid_parameter',
      });
      says({ say: 'already_paid' });
      expect((await provider.open(OPEN, at())).outcome).toMatchObject({ kind: 'query_first' });
      expect((await provider.close(OPEN, at())).outcome).toMatchObject({ kind: 'query_first' });
    });

    test('an accepted close is accepted, also as the undoing of an open without an answer', async () => {
      says({ say: 'close_accepted' });
      expect((await provider.close(OPEN, at())).outcome).toEqual({ kind: 'accepted' });
      expect((await provider.cancel(OPEN, at())).outcome).toEqual({ kind: 'accepted' });
    });

    test('what is kept of an answer is bounded and does not name the payer; no secret leaves', async () => {
      const seen: unknown[] = [];
      says({ say: 'paid', padding: 'x'.repeat(2 * ANSWER_MAX) });
      const paid = await provider.query(OPEN, at());
      expect(paid.exchange.answer).toHaveLength(ANSWER_MAX);
      says({ say: 'paid' });
      seen.push(await provider.query(OPEN, at()));
      expect(JSON.stringify(seen)).not.toContain(dialect.payer);
      for (const operation of OPERATIONS) {
        says(successOf(operation), dialect.unsigned);
        seen.push(await ask(operation));
        wallet.answer = () => 'reset';
        seen.push(await ask(operation));
      }
      for (const secret of dialect.secrets) expect(JSON.stringify(seen)).not.toContain(secret);
    });

    test('the wallet’s clock is handed on', async () => {
      says({ say: 'paid' }, (answer) => ({
        ...answer,
        headers: { ...answer.headers, date: 'Sat, 21 Nov 2026 04:10:00 GMT' },
      }));
      expect((await provider.query(OPEN, at())).exchange.providerDateMs).toBe(NOW + 10 * MINUTE);
    });

    test('giving up before it is sent is a network that is not there', async () => {
      const outcome = (await provider.open(OPEN, { nowMs: NOW, signal: AbortSignal.abort() })).outcome;
      expect(outcome).toMatchObject({ kind: 'unknown', cause: 'network', code: 'aborted' });
      expect(wallet.received).toHaveLength(0);
    });

    test('two merchants at once never mix their signatures', async () => {
      const other = dialect.provider(wallet.origin, { merchant: 1 });
      const wrong: string[] = [];
      wallet.answer = (request) => {
        const merchant = request.path.includes('MERCHANT1') || request.body.includes('MERCHANT1') ? 1 : 0;
        if (!dialect.signedBy(request, merchant)) wrong.push(request.path);
        return dialect.speak({ say: 'close_accepted' }, request, NOW);
      };
      const close = (index: number) => {
        const [whose, tradeNo] = index % 2 ? [other, `MERCHANT1_${index}`] : [provider, `MERCHANT0_${index}`];
        return whose.close({ ...OPEN, tradeNo }, at());
      };
      // In waves: on a busy machine a thousandth in line would wait too long for a connection.
      for (let first = 0; first < 1_000; first += 50) {
        const wave = Array.from({ length: 50 }, (_, n) => close(first + n));
        expect((await Promise.all(wave)).filter(({ outcome }) => outcome.kind !== 'accepted')).toEqual([]);
      }
      expect(wrong).toEqual([]);
      expect(wallet.received).toHaveLength(1_000);
      await other.stop();
    });
  });
}
