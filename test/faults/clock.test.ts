import { describe, expect, test } from 'vitest';
import { HOUR, MINUTE, SECOND } from '../../ports/clock.ts';
import { MachineClock } from '../fakes/machine-clock.ts';
import { TTL_MS } from '../fakes/till.ts';
import { LONG_MS, tradesOf, world } from '../fakes/world.ts';

/** A counter whose till has a clock of its own. */
async function counter(skewMs: number) {
  let machine: MachineClock | undefined;
  const made = await world((clock) => {
    machine = new MachineClock(clock, skewMs);
    return machine;
  });
  if (!machine) throw new Error('No machine.');
  return { ...made, machine };
}

const statesOf = async (till: Awaited<ReturnType<typeof world>>['till']) =>
  tradesOf(await till.order('A1')).map((trade) => trade.state);

describe('a till whose clock is wrong', () => {
  test.each([-10 * MINUTE, 10 * MINUTE, -8 * HOUR, 8 * HOUR, -40 * 24 * HOUR])(
    'by %i ms charges all the same, shows the skew, and its codes end when they should',
    async (skewMs) => {
      const { clock, till, charge, pay, ledger } = await counter(skewMs);
      await charge();
      await clock.advance(5 * SECOND);
      // The first request may be refused for its time; the answer's own time puts the next one right.
      expect(await statesOf(till)).toEqual(['awaiting_payment', 'awaiting_payment']);
      const { clockSkewMs } = await till.status();
      expect(Math.abs((clockSkewMs ?? 0) - skewMs)).toBeLessThanOrEqual(2 * SECOND);

      await till.cancelOrder('A1');
      await clock.advance(LONG_MS);
      const second = await till.charge({ orderNo: 'A2', amountFen: 100, subject: 'x' });
      expect(Math.abs(Date.parse(second.expiresAt) - (clock.nowMs() + TTL_MS))).toBeLessThanOrEqual(2_000);
      await clock.advance(TTL_MS - 10 * SECOND);
      await pay(second.trades.find((trade) => trade.channel === 'wechat')?.codeUrl ?? '');
      await clock.advance(5 * SECOND);
      expect((await till.order('A2')).state).toBe('paid');
      expect((await ledger()).trades.filter((trade) => trade.paid)).toHaveLength(1);
    },
  );

  test.each([HOUR, -HOUR, 5 * MINUTE, -5 * MINUTE])(
    'and is set by %i ms while a code is shown: the code ends once, when it should',
    async (jumpMs) => {
      const { clock, till, charge, machine, db } = await counter(0);
      await charge();
      await clock.advance(10 * SECOND);
      machine.jump(jumpMs);
      await clock.advance(TTL_MS - 13 * SECOND);
      expect(await statesOf(till)).toEqual(['awaiting_payment', 'awaiting_payment']);
      await clock.advance(5 * SECOND);
      expect(await statesOf(till)).not.toContain('awaiting_payment');
      machine.jump(-jumpMs);
      await clock.advance(LONG_MS);
      expect(await statesOf(till)).toEqual(['closed', 'closed']);
      const passed = db.prepare("SELECT count(*) FROM events WHERE what = 'deadline_passed'").pluck().get();
      expect(passed).toBe(2);
    },
  );
});
