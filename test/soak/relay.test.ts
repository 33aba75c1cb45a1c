import { expect, test } from 'vitest';
import { killOnRabbit, killOnSqlite, restartBroker } from './relay-harms.ts';
import type { Outcome } from './under-load.ts';

/** Minutes of it: `npm run soak`. */
const SEED = 'short';
/** A broker starts for long on a busy machine; against a hang alone. */
const timeout = 180_000;

/** The one thing that counts. */
function expectAllKept({ acknowledged, committed, faults }: Outcome): void {
  expect([...committed].sort()).toEqual([...acknowledged].sort());
  expect(faults).toEqual([]);
}

test('a relay on SQLite that is killed under load: what the wallet saw acknowledged is what the till committed', {
  timeout,
}, async () => {
  const outcome = await killOnSqlite(SEED, { harms: 4 });
  expectAllKept(outcome);
  expect(outcome.acknowledged.size).toBeGreaterThanOrEqual(80);
});

test('nodes on RabbitMQ that are killed under load: what the wallet saw acknowledged is what the till committed', {
  timeout,
}, async () => {
  const outcome = await killOnRabbit(SEED, { harms: 4 });
  expectAllKept(outcome);
  expect(outcome.acknowledged.size).toBeGreaterThanOrEqual(80);
});

test('RabbitMQ restarted and killed under load: what the wallet saw acknowledged is what the till committed', {
  timeout,
}, async () => {
  const outcome = await restartBroker(SEED, { harms: 2 });
  expectAllKept(outcome);
  expect(outcome.acknowledged.size).toBeGreaterThanOrEqual(40);
});
