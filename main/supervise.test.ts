import { expect, test } from 'vitest';
import { SimClock, settlePromises } from '../ports/sim-clock.ts';
import { RESTART_DELAY_MAX_MS, RESTARTS_MAX, restartDelayMs, STEADY_MS, supervise } from './supervise.ts';

function fixture(isFinal: (code: number | null) => boolean = () => false) {
  const clock = new SimClock(0);
  const exits: ((code: number | null) => void)[] = [];
  const delays: number[] = [];
  let gaveUp: number | null | undefined;
  let stops = 0;
  const supervised = supervise({
    clock,
    start() {
      let exit: (code: number | null) => void = () => {};
      const exited = new Promise<{ code: number | null }>((resolve) => {
        exit = (code) => resolve({ code });
      });
      exits.push(exit);
      return {
        exited,
        async stop() {
          stops += 1;
          exit(0);
        },
      };
    },
    isFinal,
    onCrash: (_code, delayMs) => delays.push(delayMs),
    onGiveUp: (code) => {
      gaveUp = code;
    },
  });
  return {
    clock,
    supervised,
    delays,
    starts: () => exits.length,
    stops: () => stops,
    gaveUp: () => gaveUp,
    async crash(code: number | null = 1) {
      exits.at(-1)?.(code);
      await settlePromises();
    },
  };
}

test('a crashed child is started again, later each time, up to a bound', async () => {
  const f = fixture();
  for (let crash = 1; crash <= RESTARTS_MAX; crash++) {
    await f.crash();
    expect(f.starts()).toBe(crash);
    await f.clock.advance(restartDelayMs(crash));
    expect(f.starts()).toBe(crash + 1);
  }
  expect(f.delays).toEqual([...f.delays].sort((a, b) => a - b));
  expect(Math.max(...f.delays)).toBeLessThanOrEqual(RESTART_DELAY_MAX_MS);
  await f.crash(7);
  expect(f.gaveUp()).toBe(7);
  await f.clock.advance(STEADY_MS);
  expect(f.starts()).toBe(RESTARTS_MAX + 1);
});

test('a steady run earns a quick restart again', async () => {
  const f = fixture();
  await f.crash();
  await f.clock.advance(restartDelayMs(1));
  await f.clock.advance(STEADY_MS);
  await f.crash();
  expect(f.delays).toEqual([restartDelayMs(1), restartDelayMs(1)]);
});

test('an exit that a restart cannot mend is not repeated', async () => {
  const f = fixture((code) => code === 2);
  await f.crash(2);
  expect(f.gaveUp()).toBe(2);
  await f.clock.advance(STEADY_MS);
  expect(f.starts()).toBe(1);
});

test('stopping ends the child and starts no other, also between two starts', async () => {
  const running = fixture();
  await running.supervised.stop();
  await running.clock.advance(STEADY_MS);
  expect([running.stops(), running.starts()]).toEqual([1, 1]);

  const waiting = fixture();
  await waiting.crash();
  await waiting.supervised.stop();
  await waiting.clock.advance(STEADY_MS);
  expect(waiting.starts()).toBe(1);
});
