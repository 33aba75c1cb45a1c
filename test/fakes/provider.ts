import type { Evidence } from '../../backend/domain/evidence.ts';
import { FEN_MAX, fen } from '../../backend/domain/money.ts';
import type { RefundEvidence } from '../../backend/domain/refund.ts';
import type { RefundStep } from '../../backend/domain/refund-steps.ts';
import type { Channel, Step } from '../../backend/domain/trade.ts';
import type {
  Answered,
  CloseOutcome,
  Notified,
  OpenOutcome,
  OpenRequest,
  Posted,
  Provider,
  QueryOutcome,
  RefundLookUp,
  RefundOutcome,
  RefundQueryOutcome,
  RefundRequest,
  TradeRef,
  Unanswered,
} from '../../backend/providers/provider.ts';
import { isGreeting } from '../../backend/services/greet.ts';

type Outcome = OpenOutcome | QueryOutcome | CloseOutcome | RefundOutcome | RefundQueryOutcome;
type AnyStep = Step | RefundStep;

/** A wallet that answers as told, and notes what it was asked. Unscripted, it behaves as an unpaid WeChat order. */
export class ScriptedProvider implements Provider {
  readonly channel: Channel;
  readonly amountMaxFen = fen(FEN_MAX);
  readonly refundGapMs = 3_000;
  readonly asked: { step: AnyStep; tradeNo: string; refundNo: string | null; atMs: number }[] = [];
  /** Trades that are paid, paying or closed here; anything else is unpaid. */
  readonly status = new Map<string, Evidence['status']>();
  /** Answers to give instead, per step, first in first out. */
  readonly script: { step: AnyStep; answer: Outcome | Promise<Outcome> }[] = [];
  /** Refunds that this wallet has taken, by number, and how they stand. Unscripted they succeed at once. */
  readonly refunds = new Map<string, { amountFen: number; status: RefundEvidence['status'] }>();
  /** When set, every call is unanswered. */
  down: Unanswered['cause'] | null = null;
  inFlight = 0;
  inFlightMost = 0;

  constructor(channel: Channel) {
    this.channel = channel;
  }

  open(request: OpenRequest, at: { nowMs: number }): Promise<Answered<OpenOutcome>> {
    return this.#answer('open', request, at.nowMs, () => ({
      kind: 'code',
      codeUrl: `https://${this.channel}.example/${request.tradeNo}`,
    })) as Promise<Answered<OpenOutcome>>;
  }

  async query(request: TradeRef, at: { nowMs: number }): Promise<Answered<QueryOutcome>> {
    if (isGreeting(request.tradeNo)) {
      const outcome = this.down ? unanswered(this.down) : this.#unpaid(request, at.nowMs);
      return { outcome, exchange: NO_EXCHANGE };
    }
    return this.#answer('query', request, at.nowMs, () => {
      const status = this.status.get(request.tradeNo) ?? 'unpaid';
      return { kind: 'evidence', evidence: evidence(request, status, at.nowMs) };
    }) as Promise<Answered<QueryOutcome>>;
  }

  close(request: TradeRef, at: { nowMs: number }): Promise<Answered<CloseOutcome>> {
    return this.#closeAs('close', request, at.nowMs);
  }

  cancel(request: TradeRef, at: { nowMs: number }): Promise<Answered<CloseOutcome>> {
    return this.#closeAs('cancel', request, at.nowMs);
  }

  refund(request: RefundRequest, at: { nowMs: number }): Promise<Answered<RefundOutcome>> {
    return this.#answer(
      'refund',
      request.trade,
      at.nowMs,
      () => {
        const { refundNo, amountFen } = request;
        if (!this.refunds.has(refundNo)) this.refunds.set(refundNo, { amountFen, status: 'succeeded' });
        return this.#refundOf(request, at.nowMs);
      },
      request.refundNo,
    ) as Promise<Answered<RefundOutcome>>;
  }

  refundQuery(request: RefundLookUp, at: { nowMs: number }): Promise<Answered<RefundQueryOutcome>> {
    return this.#answer(
      'refund_query',
      request.trade,
      at.nowMs,
      () =>
        this.refunds.has(request.refundNo)
          ? this.#refundOf(request, at.nowMs)
          : { kind: 'unseen', code: 'NONE' },
      request.refundNo,
    ) as Promise<Answered<RefundQueryOutcome>>;
  }

  #refundOf(request: RefundLookUp, nowMs: number): Outcome {
    const held = this.refunds.get(request.refundNo);
    if (!held) throw new Error(`No refund ${request.refundNo}.`);
    return { kind: 'evidence', evidence: refundEvidence(request, held, nowMs) };
  }

  /** A notification here is the JSON of what it proves. */
  async readNotification(posted: Posted): Promise<Notified> {
    return JSON.parse(Buffer.from(posted.body).toString()) as Notified;
  }

  async stop(): Promise<void> {}

  #unpaid(request: TradeRef, nowMs: number): QueryOutcome {
    return { kind: 'evidence', evidence: evidence(request, 'unpaid', nowMs) };
  }

  steps(tradeNo?: string): AnyStep[] {
    return this.asked
      .filter((each) => tradeNo === undefined || each.tradeNo === tradeNo)
      .map((each) => each.step);
  }

  #closeAs(step: Step, request: TradeRef, nowMs: number): Promise<Answered<CloseOutcome>> {
    return this.#answer(step, request, nowMs, () => {
      if (this.status.get(request.tradeNo) === 'paid')
        return { kind: 'query_first', code: 'ORDER_PAID', message: '' };
      this.status.set(request.tradeNo, 'closed');
      return { kind: 'accepted' };
    }) as Promise<Answered<CloseOutcome>>;
  }

  async #answer(
    step: AnyStep,
    request: { tradeNo: string },
    atMs: number,
    usual: () => Outcome,
    refundNo: string | null = null,
  ): Promise<Answered<Outcome>> {
    this.asked.push({ step, tradeNo: request.tradeNo, refundNo, atMs });
    this.inFlight += 1;
    this.inFlightMost = Math.max(this.inFlightMost, this.inFlight);
    try {
      const scripted = this.script.findIndex((each) => each.step === step);
      const answer =
        scripted >= 0
          ? this.script.splice(scripted, 1)[0]?.answer
          : this.down
            ? unanswered(this.down)
            : usual();
      return { outcome: (await answer) ?? usual(), exchange: NO_EXCHANGE };
    } finally {
      this.inFlight -= 1;
    }
  }
}

export function evidence(request: TradeRef, status: Evidence['status'], nowMs: number): Evidence {
  const isPaid = status === 'paid' || status === 'refunded';
  return {
    tradeNo: request.tradeNo,
    status,
    providerTradeNo: isPaid ? `42${request.tradeNo}` : null,
    amountFen: request.amountFen,
    payer: isPaid ? '138****0000' : null,
    paidAtMs: isPaid ? nowMs : null,
    providerStatus: status.toUpperCase(),
  };
}

function refundEvidence(
  request: RefundLookUp,
  { amountFen, status }: { amountFen: number; status: RefundEvidence['status'] },
  nowMs: number,
): RefundEvidence {
  return {
    tradeNo: request.trade.tradeNo,
    refundNo: request.refundNo,
    status,
    amountFen: fen(amountFen),
    providerRefundNo: `50${request.refundNo}`,
    succeededAtMs: status === 'succeeded' ? nowMs : null,
    providerStatus: status.toUpperCase(),
  };
}

export function unanswered(cause: Unanswered['cause']): Unanswered {
  return { kind: 'unknown', cause, code: '', message: cause };
}

const NO_EXCHANGE = {
  httpStatus: null,
  providerCode: null,
  requestId: null,
  answer: null,
  providerDateMs: null,
};
