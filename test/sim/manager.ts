import { call } from '@orpc/server';
import { SECOND } from '../../ports/clock.ts';
import type { SimTill } from './till.ts';
import type { World } from './world.ts';

/** How often somebody looks at what waits for a person, at most. */
const LOOK_MS = 60 * SECOND;

/** Whoever looks at what the machine gave up on: lets it try again, or sets it aside with a reason. */
export function createManager(world: World, till: SimTill): void {
  const chance = world.chance.of(`${till.name}/manager`);

  async function look(): Promise<void> {
    const answer = await till.ask('parked', (api, context) =>
      call(api.outbox.list, { state: 'parked' }, { context }),
    );
    if (answer.kind !== 'ok') return;
    for (const { entryId, canRetry } of answer.value.items) {
      if (!canRetry) continue;
      if (!world.isHealed && chance.happens(world.scenario.setsAside)) {
        await till.ask('set aside', (api, context) =>
          call(api.outbox.setAside, { entryId, reason: 'looked up at the wallet' }, { context }),
        );
      } else {
        await till.ask('retry', (api, context) => call(api.outbox.retry, { entryId }, { context }));
      }
    }
  }

  function next(): void {
    world.time.after(world.isHealed ? 10 * SECOND : chance.int(SECOND, LOOK_MS), () => {
      void look();
      next();
    });
  }

  next();
}
