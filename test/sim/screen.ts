import { call, getEventMeta } from '@orpc/server';
import type { Router } from '../../backend/dispatcher.ts';
import type { TillEvent } from '../../contract/events.ts';
import type { Charge, Order } from '../../contract/order.ts';
import { Dead, type Life } from './life.ts';
import type { World } from './world.ts';

/** What can be seen at a till: its event stream, followed across its lives, and whatever its calls answer. */
export interface Screen {
  /** Follows the stream of one life, from where the last one ended. */
  follow(api: Router, life: Life): Promise<void>;
  /** Looks at an answer for codes. */
  look(answer: unknown): void;
  /** Of the last event that was seen. */
  position(): number;
}

export function createScreen(world: World, till: string): Screen {
  let position = 0;

  function take(event: TillEvent): void {
    const id = getEventMeta(event)?.id;
    if (id !== undefined && event.type !== 'ready') {
      if (Number(id) !== position + 1)
        world.violation('the stream is complete', `${till}: event ${id} came after ${position}`);
      position = Number(id);
    }
    if ('order' in event) sawOrder(event.order);
  }

  function sawOrder(order: Order): void {
    if (order.charge) sawCharge(order.charge);
  }

  function sawCharge(charge: Charge): void {
    for (const { codeUrl, channel, tradeNo, chargeId, orderNo } of charge.trades) {
      if (codeUrl === null || world.shown.has(codeUrl)) continue;
      world.trace.say(till, `shows ${channel} ${tradeNo}`);
      world.showCode({ till, code: codeUrl, channel, tradeNo, chargeId, orderNo });
    }
  }

  function look(answer: unknown): void {
    if (Array.isArray(answer)) answer.forEach(look);
    else if (typeof answer === 'object' && answer !== null) {
      if ('trades' in answer) sawCharge(answer as Charge);
      else if ('charge' in answer) sawOrder(answer as Order);
    }
  }

  return {
    async follow(api, life) {
      try {
        const options = { context: { caller: 'window' as const }, lastEventId: String(position) };
        for await (const event of await call(api.events, undefined, options)) {
          if (life.isOver) return;
          take(event);
        }
      } catch (error) {
        if (!life.isOver && !(error instanceof Dead))
          world.violation('the stream goes on', `${till}: ${String(error)}`);
      }
    },
    look,
    position: () => position,
  };
}
