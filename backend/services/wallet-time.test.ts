import { describe, expect, test } from 'vitest';
import { HOUR, MINUTE, SECOND } from '../../ports/clock.ts';
import { SimClock } from '../../ports/sim-clock.ts';
import { createWalletTime } from './wallet-time.ts';

const TRUE_MS = Date.parse('2026-11-21T06:32:10.400Z');

/** The `Date` header of an answer that arrives now, when the wallets' clock shows `walletMs`. */
const header = (walletMs: number) => Math.floor(walletMs / 1_000) * 1_000;

/** A machine whose clock is off by `skewMs`, and the true time beside it. */
function machine(skewMs: number) {
  const clock = new SimClock(TRUE_MS + skewMs);
  const time = createWalletTime(clock);
  const trueMs = () => TRUE_MS + clock.monotonicMs();
  const hear = (lieMs = 0, tripMs = 0) =>
    time.observe(header(trueMs() + lieMs), clock.monotonicMs() - tripMs, clock.monotonicMs());
  return { clock, time, trueMs, hear, offMs: () => Math.abs(time.nowMs() - trueMs()) };
}

describe('the till’s time', () => {
  test('is the machine’s until a wallet has answered', () => {
    const { time, clock } = machine(10 * MINUTE);
    expect(time.nowMs()).toBe(clock.nowMs());
    expect(time.skewMs()).toBeNull();
  });

  test.each([-10 * MINUTE, 10 * MINUTE, -8 * HOUR, 365 * 24 * HOUR])(
    'is the wallets’ from the first answer on, on a machine %i ms off, and the skew is known',
    (skewMs) => {
      const { time, hear, offMs } = machine(skewMs);
      expect(hear()).toBe(true);
      expect(offMs()).toBeLessThanOrEqual(1_000);
      expect(Math.abs((time.skewMs() ?? 0) - skewMs)).toBeLessThanOrEqual(1_000);
    },
  );

  test('is whole milliseconds, however finely the machine measures a round trip', async () => {
    const { clock, time, hear } = machine(10 * MINUTE);
    await clock.advance(12.345);
    hear(0, 3.21);
    clock.jumpWall(MINUTE);
    expect(time.nowMs() % 1).toBe(0);
  });

  test('leaves a right clock alone: a header of whole seconds is no reason to move it', async () => {
    const { clock, time, hear } = machine(0);
    for (let n = 0; n < 50; n++) {
      await clock.advance(137);
      expect(hear()).toBe(false);
    }
    expect(time.nowMs()).toBe(clock.nowMs());
  });

  test.each([HOUR, -HOUR, 3 * SECOND, -3 * SECOND])(
    'stays right when the machine’s clock jumps by %i ms afterwards',
    async (jumpMs) => {
      const { clock, hear, offMs, time } = machine(0);
      hear();
      clock.jumpWall(jumpMs);
      expect(offMs()).toBeLessThanOrEqual(1_000);
      await clock.advance(MINUTE);
      expect(offMs()).toBeLessThanOrEqual(1_000);
      expect(Math.abs((time.skewMs() ?? 0) - jumpMs)).toBeLessThanOrEqual(1_000);
    },
  );

  test('is not moved by one header that lies, and is by a second that agrees', async () => {
    const { clock, hear, offMs } = machine(0);
    hear();
    expect(hear(2 * HOUR)).toBe(false);
    expect(hear()).toBe(false);
    expect(hear(2 * HOUR)).toBe(false);
    expect(offMs()).toBeLessThanOrEqual(1_000);
    await clock.advance(SECOND);
    expect(hear(2 * HOUR)).toBe(true);
    expect(Math.abs(offMs() - 2 * HOUR)).toBeLessThanOrEqual(1_000);
  });

  test('stays right on a machine that slept and woke with its clock where it was', async () => {
    const clock = new SimClock(TRUE_MS);
    let sleptMs = 0;
    const machine = {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      sinceBootMs: () => clock.sinceBootMs() + sleptMs,
      after: clock.after.bind(clock),
    };
    const time = createWalletTime(machine);
    time.observe(header(TRUE_MS), 0, 0);
    sleptMs = HOUR;
    await clock.advance(SECOND);
    expect(Math.abs(time.nowMs() - (TRUE_MS + SECOND + HOUR))).toBeLessThanOrEqual(1_000);
  });

  test('does not ask for the time since boot at every look', async () => {
    let asked = 0;
    const clock = new SimClock(TRUE_MS);
    const machine = {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => clock.monotonicMs(),
      sinceBootMs: () => {
        asked += 1;
        return clock.sinceBootMs();
      },
      after: clock.after.bind(clock),
    };
    const time = createWalletTime(machine);
    for (let n = 0; n < 1_000; n++) time.nowMs();
    expect(asked).toBeLessThanOrEqual(2);
    clock.jumpWall(MINUTE);
    time.nowMs();
    expect(asked).toBeLessThanOrEqual(3);
  });

  test('learns nothing from an answer that took too long', () => {
    const { time, hear } = machine(5 * MINUTE);
    expect(hear(0, 20_000)).toBe(false);
    expect(time.skewMs()).toBeNull();
  });
});
