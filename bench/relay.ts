import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Pool } from 'undici';
import { type Contestant, ratioLine, ratios } from './measure.ts';

const IN_FLIGHT = 16;
/** About what WeChat sends. */
const FILLER = 'x'.repeat(900);

/** Durable ingest: the relay against a bare floor that commits every post by itself, each on a thread of its own. */
export async function run(): Promise<void> {
  const relay = await contestant('relay');
  const floor = await contestant('floor');
  const [ratio] = await ratios([relay, floor], { rounds: 15, roundMs: 400, inFlight: IN_FLIGHT });
  console.log('Durable ingest of notifications, rate against a peer (more is better):');
  console.log(ratioLine('16 posts in flight, against http → SQLite FULL → answer', ratio, 0.7));
  for (const { stop } of [relay, floor]) await stop();
}

async function contestant(name: 'relay' | 'floor'): Promise<Contestant & { stop(): Promise<void> }> {
  const worker = new Worker(new URL('./relay-server.ts', import.meta.url), { workerData: name });
  const [address] = (await once(worker, 'message')) as [string];
  const { origin, pathname } = new URL(address);
  const pool = new Pool(origin, { connections: IN_FLIGHT, pipelining: 1 });
  let serial = 0;
  return {
    name,
    async run() {
      serial += 1;
      const answer = await pool.request({
        method: 'POST',
        path: pathname,
        headers: {
          'content-type': 'application/json',
          'wechatpay-serial': 'PUB_KEY_ID_0114232134912410000000000000',
          'wechatpay-nonce': 'abcdefghijklmnopqrstuvwxyz012345',
          'wechatpay-timestamp': '1800000000',
          'wechatpay-signature': 'c2lnbmF0dXJl'.repeat(28),
        },
        body: JSON.stringify({ id: `EV-${serial}`, resource: { ciphertext: FILLER } }),
      });
      if (answer.statusCode !== 204) throw new Error(`${name} answered ${answer.statusCode}.`);
      await answer.body.dump();
    },
    async stop() {
      await pool.close();
      worker.postMessage('stop');
      await once(worker, 'exit');
    },
  };
}
