import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import type { ContractRouterClient } from '@orpc/contract';
import { WebSocket } from 'ws';
import type { contract } from '../contract/index.ts';
import { ADMIN_TOKEN, connect } from '../relay/test-till.ts';
import { parseFrame, RelayFrame } from '../wire/relay.ts';
import { verifyWechatMessage, wechatVerifiers } from '../wire/wechat-v3-signature.ts';
import { API_V3_KEY, MERCHANT, type Post, PUBLIC_KEY_ID, paid, type Server, WALLET } from './relay-posts.ts';
import { ARRIVED, COMMITTED, DURABLE, monotonicMs, newStamps } from './stamps.ts';

/** From a wallet's post until whoever waits for the payment has heard of it; the wallet's answer is awaited, too. */
export interface Contestant {
  /** What goes before the payment; resolves with the payment. */
  prepare(): Promise<() => Promise<Sample>>;
  stop(): Promise<void>;
}

/** How long it took, ms; in legs where it stopped on the way. */
interface Sample {
  ms: number;
  legs?: number[];
}

/** Posts, and times until `arrival` resolves with its own time. */
async function timed(
  { post }: Server,
  path: string,
  notification: Post,
  arrival: Promise<number>,
): Promise<[ms: number, startedMs: number, arrivedMs: number]> {
  const startedMs = monotonicMs();
  const [arrivedMs] = await Promise.all([arrival, post(path, notification)]);
  return [arrivedMs - startedMs, startedMs, arrivedMs];
}

/** A whole till, and its window on this thread. */
export async function ourTill(relay: Server): Promise<Contestant> {
  const { port1: window, port2: end } = new MessageChannel();
  const stamps = newStamps();
  const worker = new Worker(new URL('./relay-till.ts', import.meta.url), {
    workerData: {
      window: end,
      stamps,
      wallet: { ...MERCHANT, apiV3Key: API_V3_KEY, publicKey: { id: PUBLIC_KEY_ID, key: WALLET.publicKey } },
    },
    transferList: [end],
  });
  const client: ContractRouterClient<typeof contract> = createORPCClient(new RPCLink({ port: window }));
  window.start();
  const events = await client.events({});
  const { till: name } = await client.relay.status();
  const invited = await fetch(`${relay.origin}/admin/tills/${name}/code`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  await client.relay.enrol({ url: relay.origin, code: ((await invited.json()) as { code: string }).code });
  for await (const event of events) if (event.type === 'status' && event.status.push.ok) break;
  let heard = (_orderNo: string) => {};
  const listening = (async () => {
    for await (const event of await client.events({}))
      if ('order' in event && event.order.state === 'paid') heard(event.order.orderNo);
  })();
  listening.catch(() => {});

  return {
    async prepare() {
      const { orderNo, trades } = await client.charges.create({ amountFen: 1_250, channels: ['wechat'] });
      const notification = paid(trades[0]?.tradeNo ?? '');
      const arrival = new Promise<number>((resolve) => {
        heard = (of) => {
          if (of === orderNo) resolve(monotonicMs());
        };
      });
      return async () => {
        const [ms, startedMs, arrivedMs] = await timed(
          relay,
          `/notify/${name}/wechat`,
          notification,
          arrival,
        );
        const [atSocketMs = 0, committedMs = 0] = [stamps[ARRIVED], stamps[COMMITTED]];
        return { ms, legs: [atSocketMs - startedMs, committedMs - atSocketMs, arrivedMs - committedMs] };
      };
    },
    async stop() {
      worker.postMessage('stop');
      await once(worker, 'exit');
      window.close();
    },
  };
}

/** The connection alone: what comes is acknowledged unread. */
export function ownSocket(relay: Server): Promise<Contestant> {
  return listener(relay, 'here', null);
}

/** As the floor: one commit, which is the relay's, one verification, which is the till's, and nothing after it. */
export async function verifyingSocket(relay: Server): Promise<Contestant> {
  const verifiers = wechatVerifiers([[PUBLIC_KEY_ID, WALLET.publicKey]]);
  const { prepare, stop } = await listener(relay, 'verifying', ({ headers, body }) => {
    const message = { headers, body: Buffer.from(body, 'base64') };
    if (verifyWechatMessage(message, verifiers, Date.now()) !== 'OK')
      throw new Error('The till finds it not genuine.');
  });
  return {
    async prepare() {
      const deliver = await prepare();
      return async () => {
        const startedMs = monotonicMs();
        const { ms } = await deliver();
        // It is handed out before it is kept: whichever is later.
        return { ms: Math.max(ms, (relay.stamps[DURABLE] ?? 0) - startedMs) };
      };
    },
    stop,
  };
}

async function listener(
  relay: Server,
  till: string,
  judge: ((delivery: Extract<RelayFrame, { type: 'delivery' }>) => void) | null,
): Promise<Contestant> {
  const connection = await connect(relay.origin, { till, keys: relay.keys });
  connection.socket.removeAllListeners('message');
  let arrived = (_atMs: number) => {};
  connection.socket.on('message', (data) => {
    const cameMs = monotonicMs();
    const frame = parseFrame(RelayFrame, String(data));
    if (frame?.type === 'ping') connection.send({ type: 'pong' });
    if (frame?.type !== 'delivery') return;
    if (judge) judge(frame);
    arrived(judge ? monotonicMs() : cameMs);
    connection.send({ type: 'ack', seq: frame.seq });
  });
  return {
    async prepare() {
      const arrival = new Promise<number>((resolve) => {
        arrived = resolve;
      });
      const notification = paid('T1');
      return async () => ({ ms: (await timed(relay, `/notify/${till}/wechat`, notification, arrival))[0] });
    },
    async stop() {
      connection.drop();
      await connection.closed;
    },
  };
}

/** Whom the floor pushes to. */
export async function floorListener(floor: Server): Promise<Contestant> {
  const socket = new WebSocket(floor.origin.replace('http', 'ws'), { perMessageDeflate: false });
  await once(socket, 'open');
  let serial = 0;
  return {
    async prepare() {
      serial += 1;
      const notification = paid(`T${serial}`);
      const arrival = new Promise<number>((resolve, reject) => {
        socket.once('message', (data) => {
          const { isGenuine } = JSON.parse(String(data)) as { isGenuine: boolean };
          if (isGenuine) resolve(monotonicMs());
          else reject(new Error('The floor finds it not genuine.'));
        });
      });
      return async () => ({ ms: (await timed(floor, '/', notification, arrival))[0] });
    },
    async stop() {
      socket.terminate();
    },
  };
}

/** The bare till behind the bare relay, and its window on this thread. */
export async function twoCommits(bareRelay: Server): Promise<Contestant> {
  const { port1: window, port2: end } = new MessageChannel();
  const worker = new Worker(new URL('./relay-bare-till.ts', import.meta.url), {
    workerData: { origin: bareRelay.origin, window: end, walletKey: WALLET.publicKey },
    transferList: [end],
  });
  await once(worker, 'message');
  return {
    async prepare() {
      const notification = paid('T1');
      const arrival = new Promise<number>((resolve) => {
        window.once('message', () => resolve(monotonicMs()));
      });
      return async () => ({ ms: (await timed(bareRelay, '/', notification, arrival))[0] });
    },
    async stop() {
      worker.postMessage('stop');
      await once(worker, 'exit');
      window.close();
    },
  };
}
