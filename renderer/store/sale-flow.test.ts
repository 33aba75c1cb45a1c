import { expect, test } from 'vitest';
import type { Charge, Order } from '../../contract/order.ts';
import type { Api } from '../link.ts';
import { LinkError, type LinkErrorCode } from '../link-error.ts';
import { createSaleFlow } from './sale-flow.ts';
import { screenOf } from './screen.ts';
import { INITIAL_STATE, type TillState } from './state.ts';
import * as steps from './steps.ts';
import { testCharge, testOrder, testTrade } from './test-order.ts';

type Answer<T> = T | LinkErrorCode | Promise<T>;

/** A flow against a backend that gives these answers, one a call; the last one again and again. */
function flowWith(script: {
  create?: Answer<Charge>[];
  cancel?: Answer<Order>[];
  cancelCharge?: Answer<Charge>[];
}) {
  let state: TillState = steps.beginTyped({ ...INITIAL_STATE, typed: '12.5' }, 'W1');
  const calls: { call: string; input: unknown }[] = [];
  const answering =
    <T>(call: string, answers: Answer<T>[] = ['not_found']) =>
    async (input: unknown): Promise<T> => {
      calls.push({ call, input });
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (typeof answer === 'string') throw new LinkError(answer as LinkErrorCode);
      return (await answer) as T;
    };
  const api = {
    charges: {
      create: answering('create', script.create),
      cancel: answering('cancel charge', script.cancelCharge),
    },
    orders: { cancel: answering('cancel', script.cancel), get: answering<Order>('get') },
  } as unknown as Api;
  const flow = createSaleFlow({
    api,
    get: () => state,
    change: (step) => {
      state = step(state);
    },
    pause: () => Promise.resolve(),
  });
  return { flow, calls, state: () => state, set: (next: TillState) => (state = next) };
}

const waiting = testCharge('waiting', [testTrade('awaiting_payment')]);
const cancelled = testOrder(testCharge('closing', [testTrade('closing')]), { state: 'cancelled' });

test('a sale whose answer is lost is asked again under the same number', async () => {
  const { flow, calls, state } = flowWith({ create: ['link_timeout', 'link_down', 'order_busy', waiting] });
  await flow.ask('W1');
  expect(calls.map(({ input }) => input)).toEqual(Array(4).fill({ orderNo: 'W1', amountFen: 1_250 }));
  expect(screenOf(state())).toBe('waiting');
});

test('two Enters ask once', async () => {
  const { flow, calls } = flowWith({ create: [waiting] });
  await Promise.all([flow.ask('W1'), flow.ask('W1')]);
  expect(calls).toHaveLength(1);
});

test('a refusal of the till is shown, not repeated', async () => {
  const { flow, calls, state } = flowWith({ create: ['storage_full'] });
  await flow.ask('W1');
  expect(calls.filter(({ call }) => call === 'create')).toHaveLength(1);
  expect(screenOf(state())).toBe('refused');
});

test('a typed order is cancelled as a whole', async () => {
  const { flow, calls, state } = flowWith({ create: [waiting], cancel: ['link_down', cancelled] });
  await flow.ask('W1');
  await flow.cancel('W1');
  expect(calls.map(({ call }) => call)).toEqual(['create', 'cancel', 'cancel']);
  expect(state().orders.W1?.state).toBe('cancelled');
});

test('an order that was sent ahead stays to be collected: only its charge is cancelled', async () => {
  const closing = testCharge('closing', [testTrade('closing')]);
  const { flow, calls, state, set } = flowWith({ create: [waiting], cancelCharge: [closing] });
  set(
    steps.begin(INITIAL_STATE, {
      orderNo: 'W1',
      amountFen: 1_250,
      source: 'integrator',
      previousChargeId: null,
    }),
  );
  await flow.ask('W1');
  await flow.cancel('W1');
  expect(calls.at(-1)).toEqual({ call: 'cancel charge', input: { chargeId: 'C1' } });
  expect(state().orders.W1?.state).toBe('open');
  expect(screenOf(state())).toBe('closing');
});

test('a cancel that overtakes its create is repeated until the order exists', async () => {
  const created = Promise.withResolvers<Charge>();
  const { flow, state } = flowWith({
    create: [created.promise],
    cancel: ['order_not_found', 'order_not_found', cancelled],
  });
  const asked = flow.ask('W1');
  const stopped = flow.cancel('W1');
  expect(screenOf(state())).toBe('closing');
  await stopped;
  created.resolve(waiting);
  await asked;
  expect(state().orders.W1?.state).toBe('cancelled');
  expect(screenOf(state())).toBe('closing');
});

test('a cancel that finds the order paid says so', async () => {
  const { flow, state } = flowWith({ create: [waiting], cancel: ['order_paid'] });
  await flow.ask('W1');
  await flow.cancel('W1');
  expect(state().sales.W1?.cancelWanted).toBe(false);
});
