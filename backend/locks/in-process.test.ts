import { describe, expect, test } from 'vitest';
import { SimClock } from '../../ports/sim-clock.ts';
import { processGround } from '../../test/locks/grounds.ts';
import { mutexConformance } from './conformance.ts';
import { inProcessMutex } from './in-process.ts';
import { OrderBusy } from './order-mutex.ts';

mutexConformance('in one process', false, processGround);

/** Work that ends when told to. */
function held() {
  let end = () => {};
  const work = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work: () => work, end: () => end() };
}

describe('the order mutex of one process, on its clock', () => {
  test('stops waiting after the bound, without having run, and without losing the next in line', async () => {
    const clock = new SimClock(0);
    const mutex = inProcessMutex(clock);
    const first = held();
    const ran: string[] = [];
    const holding = mutex.run('A1', 1_000, first.work);
    const late = mutex.run('A1', 100, async () => void ran.push('late'));
    const patient = mutex.run('A1', 10_000, async () => void ran.push('patient'));
    const refused = expect(late).rejects.toBeInstanceOf(OrderBusy);
    await clock.advance(200);
    await refused;
    first.end();
    await Promise.all([holding, patient]);
    expect(ran).toEqual(['patient']);
  });

  test('is free again after work that failed, and keeps nothing of an order that nobody uses', async () => {
    const mutex = inProcessMutex(new SimClock(0));
    await expect(
      mutex.run('A1', 100, async () => {
        throw new Error('bug');
      }),
    ).rejects.toThrow('bug');
    expect(await mutex.run('A1', 100, async () => 1)).toBe(1);
    expect(mutex.size).toBe(0);
  });
});
