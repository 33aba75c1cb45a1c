import { Counter, type Registry } from 'prom-client';
import { CHANNELS } from '../../contract/trade.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Notify } from '../services/notify.ts';
import { StorageError } from '../store/database.ts';
import type { Answer, DeliveryFrame } from './session.ts';

/** Takes deliveries in: each is settled and committed before it is answered, and none waits for another. */
export type Intake = ReturnType<typeof createIntake>;

export function createIntake(deps: { clock: Clock; log: Log; metrics: Registry; notify: Notify }) {
  const { clock, log, notify } = deps;
  const deliveries = new Counter({
    name: 'mianfu_relay_deliveries_total',
    help: 'Deliveries of the relay by channel and what became of them',
    labelNames: ['channel', 'result'],
    registers: [deps.metrics],
  });
  const underWay = new Set<Promise<Answer>>();
  let lastMs: number | null = null;
  let rejected = 0;

  async function judge(delivery: DeliveryFrame, onTest: (body: Uint8Array) => void): Promise<Answer> {
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
      const judging = judge(delivery, onTest);
      underWay.add(judging);
      const answer = await judging.finally(() => underWay.delete(judging));
      const { channel, id } = delivery;
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
    /** Resolves when nothing is being taken in any more. */
    async idle(): Promise<void> {
      await Promise.all(underWay);
    },
  };
}

function isOfTheDisk(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return error instanceof StorageError || (typeof code === 'string' && code.startsWith('SQLITE_'));
}
