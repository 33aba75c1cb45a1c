import { call } from '@orpc/server';
import { SECOND } from '../../ports/clock.ts';
import type { SimTill } from './till.ts';
import type { World } from './world.ts';

/** How often somebody looks at what waits for a person, at most. */
const LOOK_MS = 60 * SECOND;

/**
 * Whoever looks at what waits for a person: lets the machine try again, or sets it aside with a reason; where money is
 * given back by hand, gives back or keeps what nobody asked for, and sees at the wallet to what it could not hand over.
 */
export function createManager(world: World, till: SimTill): void {
  const chance = world.chance.of(`${till.name}/manager`);
  const decisions = world.chance.of(`${till.name}/decisions`);

  async function look(): Promise<void> {
    const answer = await till.ask('parked', (api, context) =>
      call(api.outbox.list, { state: 'parked' }, { context }),
    );
    if (answer.kind !== 'ok') return;
    for (const entry of answer.value.items) {
      const { entryId, canRetry } = entry;
      if (entry.kind === 'give_back') await decide(entry.tradeNo ?? '');
      if (!canRetry) continue;
      if (entry.why === 'refund_abnormal') handOver(entry.refundNo ?? '');
      if (!world.isHealed && chance.happens(world.scenario.setsAside)) {
        await till.ask('set aside', (api, context) =>
          call(api.outbox.setAside, { entryId, reason: 'looked up at the wallet' }, { context }),
        );
      } else {
        await till.ask('retry', (api, context) => call(api.outbox.retry, { entryId }, { context }));
      }
    }
  }

  /** Of chance of its own: in the worlds where nobody decides nothing is shifted. */
  async function decide(tradeNo: string): Promise<void> {
    if (!world.scenario.refunds || !decisions.happens(0.4)) return;
    if (decisions.happens(0.7)) {
      world.decided.add(tradeNo);
      await till.ask('give back', (api, context) => call(api.refunds.giveBack, { tradeNo }, { context }));
    } else {
      await till.ask('keep', (api, context) =>
        call(api.refunds.keep, { tradeNo, reason: 'the customer agreed' }, { context }),
      );
    }
  }

  /** At the wallet's own site: the money reaches the customer by another way, or comes back. */
  function handOver(refundNo: string): void {
    const { ledger } = world.sandbox;
    const stuck = ledger.refundsNamed(refundNo).find(({ status }) => status === 'ABNORMAL');
    if (stuck) ledger.refundBecomes(stuck, decisions.happens(0.7) ? 'SUCCESS' : 'CLOSED');
  }

  function next(): void {
    world.time.after(world.isHealed ? 10 * SECOND : chance.int(SECOND, LOOK_MS), () => {
      void look();
      next();
    });
  }

  next();
}
