import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import type { ContractRouterClient } from '@orpc/contract';
import { WebSocket } from 'ws';
import type { contract } from '../contract/index.ts';
import { ADMIN_TOKEN, connect } from '../relay/test-till.ts';
import { parseFrame, RelayFrame } from '../wire/relay.ts';
import { API_V3_KEY, MERCHANT, PUBLIC_KEY_ID, paid, type Server, WALLET } from './relay-posts.ts';
import { percentile, table } from './report.ts';

/** Samples of each contestant in a turn, and turns. */
const IN_TURN = 20;
const TURNS = 15;
const REACH = 1.3;

/** Times from a wallet's post until whoever waits for the payment has heard of it, ms; the wallet's answer is awaited, too. */
interface Contestant {
  sample(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * From a WeChat post to the event in the till's window that says paid: relay, connection, a till that verifies,
 * opens, settles and commits. Beside a floor that verifies, commits one row and pushes it to a WebSocket, and
 * beside the relay's own part of the way.
 */
export async function eventAtTill(relay: Server, floor: Server): Promise<void> {
  const ours = await till(relay);
  const pushed = await socketOf(relay);
  const bare = await listener(floor);
  const times = { ours: [] as number[], pushed: [] as number[], bare: [] as number[] };
  const contestants = [['bare', bare] as const, ['pushed', pushed] as const, ['ours', ours] as const];
  for (let turn = -1; turn < TURNS; turn++) {
    for (const [name, { sample }] of contestants) {
      for (let n = 0; n < IN_TURN; n++) {
        const ms = await sample();
        // The first turn of each is for what is compiled and connected late.
        if (turn >= 0) times[name].push(ms);
      }
    }
  }
  for (const [, { stop }] of contestants) await stop();
  const row = (name: string, of: (percent: number) => string) => [name, of(50), of(95)];
  const timesOf = (name: keyof typeof times) => (percent: number) =>
    percentile(times[name], percent).toFixed(2);
  const toBare = (name: keyof typeof times) => (percent: number) =>
    (percentile(times[name], percent) / percentile(times.bare, percent)).toFixed(2);
  const ratio = percentile(times.ours, 50) / percentile(times.bare, 50);
  table(
    `From a wallet’s post to the till’s event, ms (p50 within ${REACH}×: ${ratio <= REACH ? 'kept' : 'MISSED'})`,
    [
      ['', 'p50', 'p95'],
      row('floor: http → verify → SQLite FULL → ws', timesOf('bare')),
      row('relay → socket of a till', timesOf('pushed')),
      row('relay → till → event', timesOf('ours')),
      row('relay → socket, against the floor', toBare('pushed')),
      row('relay → till → event, against the floor', toBare('ours')),
    ],
  );
}

async function till({ origin, post }: Server): Promise<Contestant> {
  const { port1: window, port2: end } = new MessageChannel();
  const worker = new Worker(new URL('./relay-till.ts', import.meta.url), {
    workerData: {
      window: end,
      wallet: { ...MERCHANT, apiV3Key: API_V3_KEY, publicKey: { id: PUBLIC_KEY_ID, key: WALLET.publicKey } },
    },
    transferList: [end],
  });
  const client: ContractRouterClient<typeof contract> = createORPCClient(new RPCLink({ port: window }));
  window.start();
  const events = await client.events({});
  const { till: name } = await client.relay.status();
  const invited = await fetch(`${origin}/admin/tills/${name}/code`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  await client.relay.enrol({ url: origin, code: ((await invited.json()) as { code: string }).code });
  for await (const event of events) if (event.type === 'status' && event.status.push.ok) break;
  let heard = (_orderNo: string) => {};
  const listening = (async () => {
    for await (const event of await client.events({}))
      if ('order' in event && event.order.state === 'paid') heard(event.order.orderNo);
  })();
  listening.catch(() => {});

  return {
    async sample() {
      const { orderNo, trades } = await client.charges.create({ amountFen: 1_250, channels: ['wechat'] });
      const notification = paid(trades[0]?.tradeNo ?? '');
      const arrival = new Promise<number>((resolve) => {
        heard = (of) => {
          if (of === orderNo) resolve(performance.now());
        };
      });
      const startedMs = performance.now();
      const [arrivedMs] = await Promise.all([arrival, post(`/notify/${name}/wechat`, notification)]);
      return arrivedMs - startedMs;
    },
    async stop() {
      worker.postMessage('stop');
      await once(worker, 'exit');
      window.close();
    },
  };
}

/** The connection alone: what comes is acknowledged unread. */
async function socketOf({ origin, keys, post }: Server): Promise<Contestant> {
  const connection = await connect(origin, { till: 'here', keys });
  let arrived = (_atMs: number) => {};
  connection.socket.on('message', (data) => {
    const atMs = performance.now();
    const frame = parseFrame(RelayFrame, String(data));
    if (frame?.type !== 'delivery') return;
    connection.send({ type: 'ack', seq: frame.seq });
    arrived(atMs);
  });
  return {
    async sample() {
      const notification = paid('T1');
      const arrival = new Promise<number>((resolve) => {
        arrived = resolve;
      });
      const startedMs = performance.now();
      const [arrivedMs] = await Promise.all([arrival, post('/notify/here/wechat', notification)]);
      return arrivedMs - startedMs;
    },
    async stop() {
      connection.drop();
      await connection.closed;
    },
  };
}

async function listener({ origin, post }: Server): Promise<Contestant> {
  const socket = new WebSocket(origin.replace('http', 'ws'), { perMessageDeflate: false });
  await once(socket, 'open');
  let serial = 0;
  return {
    async sample() {
      serial += 1;
      const notification = paid(`T${serial}`);
      const arrival = new Promise<number>((resolve, reject) => {
        socket.once('message', (data) => {
          const { isGenuine } = JSON.parse(String(data)) as { isGenuine: boolean };
          if (isGenuine) resolve(performance.now());
          else reject(new Error('The floor finds it not genuine.'));
        });
      });
      const startedMs = performance.now();
      const [arrivedMs] = await Promise.all([arrival, post('/', notification)]);
      return arrivedMs - startedMs;
    },
    async stop() {
      socket.terminate();
    },
  };
}
