import { MessageChannel } from 'node:worker_threads';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import type { ContractRouterClient } from '@orpc/contract';
import { afterEach, expect, test } from 'vitest';
import type { Contract } from '../contract/index.ts';
import { systemClock } from '../ports/clock.ts';
import { testTill } from '../test/fakes/till.ts';

const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

function connected() {
  const till = testTill({ clock: systemClock() as never });
  till.backend.start();
  const { port1, port2 } = new MessageChannel();
  open.push(port1, { close: () => void till.backend.stop() });
  till.backend.servePort(port2 as never);
  port2.start();
  port1.start();
  const client: ContractRouterClient<Contract> = createORPCClient(new RPCLink({ port: port1 as never }));
  return { ...till, client, port1 };
}

test('the contract works over a port as over HTTP, with the same errors', async () => {
  const { client } = connected();
  const charge = await client.charges.create({ orderNo: 'A1', amountFen: 1250, subject: '拿铁' });
  expect(charge).toMatchObject({ state: 'waiting', amountFen: 1250 });
  expect((await client.orders.get({ orderNo: 'A1' })).source).toBe('till');
  await expect(client.orders.get({ orderNo: 'none' })).rejects.toMatchObject({
    code: 'order_not_found',
    status: 404,
  });
  await expect(client.charges.create({ amountFen: 0 })).rejects.toMatchObject({
    code: 'amount_invalid',
    data: { issues: [{ path: 'amountFen' }] },
  });
});

test('input is checked before the lock looks at it', async () => {
  const { client } = connected();
  await expect(client.orders.cancel({ orderNo: 12 as never })).rejects.toMatchObject({
    code: 'order_no_invalid',
  });
  await expect(client.charges.cancel({ chargeId: { toString: 1 } as never })).rejects.toMatchObject({
    code: 'invalid_input',
  });
});

test('events stream over a port, each with its position', async () => {
  const { client } = connected();
  const stream = await client.events();
  const types: string[] = [];
  const reading = (async () => {
    for await (const event of stream) {
      types.push(event.type);
      if (types.length === 3) break;
    }
  })();
  await client.orders.create({ orderNo: 'A1', amountFen: 1, subject: 'x' });
  await client.charges.create({ orderNo: 'A1' });
  await reading;
  expect(types).toEqual(['ready', 'order.created', 'charge.started']);
});

test('the stream ends, and its listener is freed, when the window closes its port', async () => {
  const { client, backend, port1 } = connected();
  const before = backend.listenerCount();
  const stream = await client.events();
  await stream.next();
  expect(backend.listenerCount()).toBe(before + 1);
  port1.close();
  await client.till.get().catch(() => {});
  await expect.poll(() => backend.listenerCount(), { timeout: 3_000 }).toBe(before);
});
