import { Counter, type Registry } from 'prom-client';
import { CHANNELS } from '../../contract/trade.ts';
import { type Clock, MINUTE, SECOND, sleep } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Notify } from '../services/notify.ts';
import { StorageError } from '../store/database.ts';
import type { Answer, DeliveryFrame } from './session.ts';

/** What cannot be judged yet is judged again after so long, doubled each time up to a minute. */
const AGAIN_FIRST_MS = 5 * SECOND;
const AGAIN_MOST_MS = MINUTE;

/**
 * Takes deliveries in: each is settled and committed before it is answered, and none waits for another. One that
 * cannot be judged just now is kept, unanswered, until it can.
 */
export type Intake = ReturnType<typeof createIntake>;

export function createIntake(deps: { clock: Clock; log: Log; metrics: Registry; notify: Notify }) {
  const { clock, log, notify } = deps;
  const deliveries = new Counter({
    name: 'mianfu_relay_deliveries_total',
    help: 'Deliveries of the relay by channel and what became of them',
    labelNames: ['channel', 'result'],
    registers: [deps.metrics],
  });
  /** By what is judged: one that comes again on the next connection is not judged twice. */
  const underWay = new Map<string, Promise<Answer>>();
  const stopping = new AbortController();
  let lastMs: number | null = null;
  let rejected = 0;

  async function judge(delivery: DeliveryFrame, onTest: (body: Uint8Array) => void): Promise<Answer> {
    for (let tries = 0; ; tries++) {
      const answer = await judgeOnce(delivery, onTest);
      if (answer.kind !== 'not_now') return answer;
      deliveries.inc({ channel: delivery.channel, result: 'not_now' });
      log.info({ channel: delivery.channel, id: delivery.id, tries }, 'a delivery cannot be judged yet');
      const isOver = await sleep(
        clock,
        Math.min(AGAIN_MOST_MS, AGAIN_FIRST_MS * 2 ** Math.min(tries, 10)),
        stopping.signal,
      ).then(
        () => stopping.signal.aborted,
        () => true,
      );
      // The relay has it still, and pushes it at the next start.
      if (isOver) return { kind: 'not_kept' };
    }
  }

  async function judgeOnce(
    delivery: DeliveryFrame,
    onTest: (body: Uint8Array) => void,
  ): Promise<Answer | { kind: 'not_now' }> {
    const { channel, headers, receivedMs } = delivery;
    const body = Buffer.from(delivery.body, 'base64');
    if (channel === 'test') {
      onTest(body);
      return { kind: 'ack' };
    }
    const known = CHANNELS.find((each) => each === channel);
    if (!known) return { kind: 'reject', reason: 'not_configured' };
    try {
      const taken = await notify(known, { headers, body, receivedMs });
      if (taken.kind === 'not_now') return taken;
      return taken.kind === 'taken' ? { kind: 'ack' } : { kind: 'reject', reason: taken.reason };
    } catch (error) {
      if (isOfTheDisk(error)) return { kind: 'not_kept' };
      // Ours to mend. It is parked at the relay meanwhile, the wallet is asked, and the next one is taken.
      log.error({ err: error, channel }, 'a delivery could not be taken in');
      return { kind: 'reject', reason: 'failed_here' };
    }
  }

  return {
    /** Resolves once it is committed, or for certain is not; test notifications go to `onTest`. Never rejects. */
    async take(delivery: DeliveryFrame, onTest: (body: Uint8Array) => void): Promise<Answer> {
      lastMs = clock.nowMs();
      const { channel, id, headers, body } = delivery;
      // Not the id alone: who posts a forgery under a genuine one's id must not have both judged by it.
      const bytes = `${id}\n${headers['wechatpay-signature'] ?? ''}\n${body}`;
      const earlier = underWay.get(bytes);
      if (earlier) return await earlier;
      const judging = judge(delivery, onTest).finally(() => underWay.delete(bytes));
      underWay.set(bytes, judging);
      const answer = await judging;
      const result = answer.kind === 'reject' ? answer.reason : answer.kind;
      deliveries.inc({ channel, result });
      if (answer.kind === 'reject') {
        rejected += 1;
        log.warn({ channel, id, reason: answer.reason }, 'a delivery is of no use to this till');
      }
      return answer;
    },
    /** When the last one came, wall clock ms; null when none has since the start. */
    lastMs: () => lastMs,
    rejected: () => rejected,
    /** Resolves when nothing is being taken in any more; what could not be judged is left to the relay. */
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.all(underWay.values());
    },
  };
}

function isOfTheDisk(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return error instanceof StorageError || (typeof code === 'string' && code.startsWith('SQLITE_'));
}
