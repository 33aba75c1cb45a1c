import { createPrivateKey, createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Pool } from 'undici';
import { WebSocket } from 'ws';
import { connect } from '../relay/test-till.ts';
import { type Contestant, ratioLine, ratios } from './measure.ts';

const IN_FLIGHT = 16;
/** About what WeChat sends. */
const FILLER = 'x'.repeat(900);
const HEADERS = {
  'content-type': 'application/json',
  'wechatpay-serial': 'PUB_KEY_ID_0114232134912410000000000000',
  'wechatpay-nonce': 'abcdefghijklmnopqrstuvwxyz012345',
  'wechatpay-timestamp': '1800000000',
  'wechatpay-signature': 'c2lnbmF0dXJl'.repeat(28),
};

/** Notifications through the relay, and through a bare floor that commits every post by itself. */
export async function run(): Promise<void> {
  const relay = await server('relay');
  const floor = await server('floor');
  console.log('Notifications through the relay, rate against a peer (more is better):');
  const [ingest] = await ratios([relay.ingest, floor.ingest], {
    rounds: 15,
    roundMs: 400,
    inFlight: IN_FLIGHT,
  });
  console.log(ratioLine('16 posts in flight, against http → SQLite FULL → answer', ingest, 0.7));

  // One after the other, each waited for at the till: the rate is the reciprocal of the time that one takes.
  const [relayPush, floorPush] = [await relay.push(), await floor.push()];
  const [push] = await ratios([relayPush, floorPush], { rounds: 15, roundMs: 400, inFlight: 1 });
  console.log(ratioLine('from post to till, against http → SQLite FULL → ws', push, 1 / 1.3));
  for (const { stop } of [relay, floor]) await stop();
}

interface Measured {
  ingest: Contestant;
  push(): Promise<Contestant>;
  stop(): Promise<void>;
}

async function server(name: 'relay' | 'floor'): Promise<Measured> {
  const worker = new Worker(new URL('./relay-server.ts', import.meta.url), { workerData: name });
  const [{ origin, privateKey: pem }] = (await once(worker, 'message')) as [
    { origin: string; privateKey: string },
  ];
  const pool = new Pool(origin, { connections: IN_FLIGHT, pipelining: 1 });
  let socket: WebSocket | null = null;
  let serial = 0;

  async function post(till: string): Promise<void> {
    serial += 1;
    const body = JSON.stringify({ id: `EV-${serial}`, resource: { ciphertext: FILLER } });
    const path = `/notify/${till}/wechat`;
    const answer = await pool.request({ method: 'POST', path, headers: HEADERS, body });
    if (answer.statusCode !== 204) throw new Error(`${name} answered ${answer.statusCode}.`);
    await answer.body.dump();
  }

  async function open(): Promise<WebSocket> {
    if (name === 'floor') {
      const bare = new WebSocket(origin.replace('http', 'ws'));
      await once(bare, 'open');
      return bare;
    }
    const privateKey = createPrivateKey(pem);
    const keys = { privateKey, publicKey: createPublicKey(privateKey) };
    return (await connect(origin, { till: 'here', keys })).socket;
  }

  return {
    ingest: { name, run: () => post('away') },
    async push() {
      const till = await open();
      socket = till;
      till.removeAllListeners('message');
      let arrived = () => {};
      till.on('message', (data) => {
        const frame = JSON.parse(String(data)) as { type?: string; seq?: number; body?: string };
        if (frame.type === 'ping') till.send('{"type":"pong"}');
        if (frame.body === undefined) return;
        if (name === 'relay') till.send(JSON.stringify({ type: 'ack', seq: frame.seq }));
        arrived();
      });
      return {
        name,
        async run() {
          const arrival = new Promise<void>((resolve) => {
            arrived = resolve;
          });
          await Promise.all([post('here'), arrival]);
        },
      };
    },
    async stop() {
      socket?.terminate();
      await pool.close();
      worker.postMessage('stop');
      await once(worker, 'exit');
    },
  };
}
