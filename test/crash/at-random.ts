import { setTimeout as sleep } from 'node:timers/promises';
import { disagreements } from './agree.ts';
import { codeOf } from './lives.ts';
import type { Sale, World } from './world.ts';

/** Orders that are charged at once. */
const CROWD = 8;
/** The till dies within this of the first charge, real milliseconds: longer than the crowd takes on a quiet machine. */
const DEATH_MAX_MS = 500;
/** How the time goes on meanwhile: so much of it each so often. */
const STEP_MS = 400;
const STEP_EVERY_MS = 20;

/** Chance from a seed (mulberry32), in [0, 1). */
function chanceFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Eight customers at once, each doing something else, and the till dies at some moment in the middle of it: what is
 * wrong afterwards. The seed decides what they do and when it dies, not what the machine has done by then.
 */
export async function killAtRandom(world: World, seed: number): Promise<string[]> {
  const chance = chanceFrom(seed);
  await world.begin(null);
  const sales = Array.from({ length: CROWD }, () => world.sale());
  let isOver = false;
  const passTime = async () => {
    while (!isOver) {
      await sleep(STEP_EVERY_MS);
      world.clock.moveTo(world.clock.nowMs() + STEP_MS);
    }
  };
  const time = passTime();
  const death = sleep(chance() * DEATH_MAX_MS).then(() => world.kill());
  const customers = await Promise.allSettled(sales.map((sale) => customer(world, sale, chance)));
  await death;
  isOver = true;
  await time;
  try {
    await world.finish();
    const failed = customers.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
    return [...failed, ...(await disagreements(world, sales))];
  } catch (error) {
    await world.onNewFolder();
    return [String(error)];
  }
}

async function customer(world: World, sale: Sale, chance: () => number): Promise<void> {
  const [does, pauses] = [chance(), chance()];
  const charge = await world.charge(sale, ['alipay', 'wechat']);
  const [alipay, wechat] = [codeOf(charge, 'alipay'), codeOf(charge, 'wechat')];
  await sleep(pauses * DEATH_MAX_MS * 0.5);
  if (does < 0.3) await world.pay(alipay);
  else if (does < 0.6) await world.pay(wechat);
  else if (does < 0.75) await Promise.all([world.pay(alipay), world.pay(wechat)]);
  else if (does < 0.85) await Promise.all([world.cancel(sale), world.pay(does < 0.8 ? alipay : wechat)]);
  else await world.cancel(sale);
}
