import { Registry as Metrics } from 'prom-client';
import { systemClock } from '../ports/clock.ts';
import { systemRandom } from '../ports/random.ts';
import { createRegistry, type Journal } from '../relay/registry.ts';
import { startTestRelay } from '../relay/test-relay.ts';
import { newKeys } from '../relay/test-till.ts';
import { enrolRequest } from '../wire/relay.ts';

/** A relay in a process of its own that knows so many tills, all with one key; says what it costs when asked. */
const tills = Number(process.argv[2]);
const records: string[] = [];
let apply = (_record: string) => {};
const journal: Journal = {
  async follow(listener) {
    apply = listener;
  },
  async append(record) {
    records.push(record);
    apply(record);
  },
};
const registry = await createRegistry({ journal, clock: systemClock(), random: systemRandom() });
const keys = newKeys();
for (let n = 0; n < tills; n++) {
  const till = `T${n}`;
  const { code } = await registry.invite(till);
  if (!(await registry.enrol(enrolRequest({ till, code }, keys)))) throw new Error('not enrolled');
}
records.length = 0;
const relay = await startTestRelay({
  registry,
  metrics: new Metrics(),
  push: { greetingPerSourceMax: tills, greetingMax: tills },
});

process.on('message', async (message) => {
  if (message === 'stop') {
    await relay.stop();
    process.exit();
  }
  const connected = Number(/^mianfu_relay_connected_tills (\d+)/m.exec(await relay.metrics())?.[1]);
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  process.send?.({ connected, rss, heapUsed, cpu: process.cpuUsage(), atMs: performance.now() });
});
process.send?.({
  origin: relay.origin,
  privateKey: keys.privateKey.export({ format: 'pem', type: 'pkcs8' }),
});
