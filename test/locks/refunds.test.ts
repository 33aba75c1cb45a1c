import { call } from '@orpc/server';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { closeTills, folderTills, type OpenTill, openTill, redisTills } from './open-tills.ts';
import { haveRedis } from './redis.ts';

const PAID_FEN = 1_250;
const WINDOW = { context: { caller: 'window' } } as const;
const WAIT = { timeout: 20_000, interval: 20 };

afterEach(closeTills);

/** A payment, as the till knows it. */
async function paid(till: OpenTill, orderNo: string): Promise<string> {
  const charge = await till.charge(orderNo);
  const tradeNo = charge.trades.find(({ channel }) => channel === 'wechat')?.tradeNo ?? '';
  till.wechat.status.set(tradeNo, 'paid');
  await till.post(`/charges/${charge.chargeId}/check`, {});
  await vi.waitFor(async () => expect((await tradeAt(till, tradeNo)).trade.state).toBe('paid'), WAIT);
  return tradeNo;
}

function tradeAt(till: OpenTill, tradeNo: string) {
  return call(till.backend.api.trades.get, { tradeNo }, WINDOW);
}

/** Every part is wanted twice, by two managers and mostly at two tills; all together far more than was paid. */
const WISHES = Array.from({ length: 12 }, (_, n) => ({
  refundNo: `PART_${n}`,
  amountFen: 1 + ((n * 97) % 300),
}));

async function giveBackAllAtOnce(tills: readonly OpenTill[], tradeNo: string) {
  for (const till of tills) Object.assign(till.wechat, { refundGapMs: 0 });
  const answers = await Promise.all(
    [...WISHES, ...WISHES].map(async (wish, n) => {
      const path = `/trades/${tradeNo}/refunds`;
      const till = tills[n % tills.length];
      for (;;) {
        const answer = await till?.post(path, { ...wish, reason: '少送一份' });
        if (answer?.body.code !== 'order_busy') return { ...wish, status: answer?.status };
      }
    }),
  );
  const taken = new Set(answers.filter(({ status }) => status === 201).map(({ refundNo }) => refundNo));
  return { answers, taken };
}

describe.each<[string, () => Promise<OpenTill[]>]>([
  ['at one till', async () => [await openTill()]],
  ['at three processes on one folder', folderTills],
])('24 managers who give back parts of one payment at once, %s', (_, open) => {
  test('give back no more than was paid, each part once, whoever asks for it again', async () => {
    const tills = await open();
    const [first] = tills as [OpenTill];
    const tradeNo = await paid(first, 'A1');
    const { answers, taken } = await giveBackAllAtOnce(tills, tradeNo);
    const amountOf = new Map(WISHES.map(({ refundNo, amountFen }) => [refundNo, amountFen]));
    const takenFen = [...taken].reduce((sum, refundNo) => sum + (amountOf.get(refundNo) ?? 0), 0);
    expect(takenFen).toBeLessThanOrEqual(PAID_FEN);
    // Whoever asked for a part that was taken was told so, and whoever was refused wanted more than was left.
    for (const { refundNo, amountFen, status } of answers) {
      expect([refundNo, status]).toEqual([refundNo, taken.has(refundNo) ? 201 : 409]);
      if (status === 409) expect(amountFen).toBeGreaterThan(PAID_FEN - takenFen);
    }
    await vi.waitFor(async () => {
      const { trade, refunds } = await tradeAt(first, tradeNo);
      expect(trade).toMatchObject({ refundedFen: takenFen, refundingFen: 0 });
      expect(new Set(refunds.map(({ refundNo }) => refundNo))).toEqual(taken);
    }, WAIT);
    const sent = tills.flatMap((till) => till.wechat.asked.filter(({ step }) => step === 'refund'));
    expect(sent.map(({ refundNo }) => refundNo).sort()).toEqual([...taken].sort());
  });
});

test.skipIf(!(await haveRedis()))(
  'a till gives back only what it took itself, though it shares its locks with others',
  async () => {
    const [first, second] = (await redisTills()) as [OpenTill, OpenTill];
    const tradeNo = await paid(first, 'A1');
    const [here, there] = await Promise.all(
      [first, second].map((till) =>
        till.post(`/trades/${tradeNo}/refunds`, { refundNo: 'PART_1', amountFen: 100, reason: '少送一份' }),
      ),
    );
    expect(here?.status).toBe(201);
    expect([there?.status, there?.body.code]).toEqual([404, 'trade_not_found']);
    expect(second.wechat.asked).toEqual([]);
  },
);
