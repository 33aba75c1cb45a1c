import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { MINUTE } from '../../ports/clock.ts';
import { silentLog } from '../../ports/log.ts';
import { SimClock } from '../../ports/sim-clock.ts';
import type { Taken } from '../services/notify.ts';
import { createIntake } from './intake.ts';
import type { DeliveryFrame } from './session.ts';

function intake(judge: (body: string) => Taken) {
  const clock = new SimClock(1_800_000_000_000);
  const metrics = new Registry();
  const asked: string[] = [];
  const made = createIntake({
    clock,
    log: silentLog(),
    metrics,
    notify: async (_, { body }) => {
      asked.push(String(body));
      return judge(String(body));
    },
  });
  const answers: Record<string, string> = {};
  return {
    clock,
    made,
    metrics,
    asked,
    answers,
    bring(id: string, text = id): void {
      const frame: DeliveryFrame = {
        type: 'delivery',
        seq: 1,
        id,
        channel: 'wechat',
        receivedMs: clock.nowMs(),
        headers: {},
        body: Buffer.from(text).toString('base64'),
      };
      void made
        .take(frame, () => {})
        .then((answer) => {
          answers[text] = answer.kind === 'reject' ? answer.reason : answer.kind;
        });
    },
  };
}

test('what cannot be judged yet is neither acknowledged nor rejected, and does not hold up the next', async () => {
  let canJudge = false;
  const { clock, answers, bring, asked, metrics } = intake((body) =>
    body === 'new-key' && !canJudge ? { kind: 'not_now' } : { kind: 'taken' },
  );
  bring('new-key');
  bring('next');
  await clock.advance(0);
  expect(answers).toEqual({ next: 'ack' });
  await clock.advance(10 * MINUTE);
  expect(answers).toEqual({ next: 'ack' });
  // With growing pauses: 5, 10, 20, 40 s, then a minute each.
  expect(asked.filter((body) => body === 'new-key')).toHaveLength(13);
  canJudge = true;
  await clock.advance(MINUTE);
  expect(answers).toEqual({ next: 'ack', 'new-key': 'ack' });
  expect(await metrics.metrics()).toContain(
    'mianfu_relay_deliveries_total{channel="wechat",result="not_now"} 13',
  );
});

test('one that comes again meanwhile, on another connection, is judged once', async () => {
  let canJudge = false;
  const { clock, answers, bring, asked } = intake(() => ({ kind: canJudge ? 'taken' : 'not_now' }));
  bring('a');
  bring('a');
  await clock.advance(0);
  expect(asked).toHaveLength(1);
  canJudge = true;
  await clock.advance(MINUTE);
  expect(answers).toEqual({ a: 'ack' });
  expect(asked).toHaveLength(2);
});

test('a forgery that has a genuine one’s id, and comes at the same time, is judged by itself', async () => {
  const { clock, answers, bring } = intake((body) =>
    body === 'genuine' ? { kind: 'taken' } : { kind: 'rejected', reason: 'not_genuine' },
  );
  bring('a', 'forged');
  bring('a', 'genuine');
  await clock.advance(0);
  expect(answers).toEqual({ forged: 'not_genuine', genuine: 'ack' });
});

test('a till that ends leaves to the relay what it could not judge', async () => {
  const { clock, made, answers, bring } = intake(() => ({ kind: 'not_now' }));
  bring('a');
  await clock.advance(0);
  await made.stop();
  expect(answers).toEqual({ a: 'not_kept' });
});
