import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { WebSocket } from 'ws';
import {
  Enrolled,
  enrolRequest,
  parseFrame,
  RELAY_FRAME_BYTES_MAX,
  RELAY_PROTOCOL,
  RelayFrame,
  signHello,
  type TillFrame,
} from '../wire/relay.ts';

export interface TestKeys {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

export const newKeys = (): TestKeys => generateKeyPairSync('ed25519');

export const ADMIN_TOKEN = 'an-operator-s-token-for-tests';

/** The operator's part and the till's part of enrolment, over HTTP. */
export async function enrol(
  origin: string,
  till: string,
  keys: TestKeys,
  token = ADMIN_TOKEN,
): Promise<Enrolled> {
  const invited = await fetch(`${origin}/admin/tills/${till}/code`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  const { code } = (await invited.json()) as { code: string };
  const answer = await fetch(`${origin}/enrol`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(enrolRequest({ till, code }, keys)),
  });
  if (!answer.ok) throw new Error(`Not enrolled: ${answer.status} ${await answer.text()}`);
  return Enrolled.parse(await answer.json());
}

type DeliveryFrame = Extract<RelayFrame, { type: 'delivery' }>;
type Opening = { till: string; keys: TestKeys; after?: { epoch: string; seq: number } | null };

export interface TestTill {
  frames: RelayFrame[];
  /** Every delivery so far. */
  deliveries(): DeliveryFrame[];
  /** Resolves with the first frame, past or to come, that fits. Rejects when the connection ends before. */
  until<T extends RelayFrame['type']>(
    type: T,
    fits?: (frame: Extract<RelayFrame, { type: T }>) => boolean,
  ): Promise<Extract<RelayFrame, { type: T }>>;
  send(frame: TillFrame | string): void;
  closed: Promise<{ code: number; reason: string }>;
  /** Stops reading and writing, without ending the connection. */
  freeze(): void;
  /** Tears the connection down without a word. */
  drop(): void;
  socket: WebSocket;
}

/** A connection that greets by hand. Answers pings unless it is told not to. */
export function connectRaw(origin: string, options: { answerPings?: boolean } = {}): TestTill {
  const socket = new WebSocket(`${origin.replace(/^http/, 'ws')}/till`, {
    maxPayload: RELAY_FRAME_BYTES_MAX,
  });
  const frames: RelayFrame[] = [];
  const watchers = new Set<() => void>();
  const look = () => {
    for (const watch of [...watchers]) watch();
  };
  socket.on('message', (data) => {
    const frame = parseFrame(RelayFrame, String(data));
    if (!frame) throw new Error(`The relay sent no frame: ${String(data).slice(0, 100)}`);
    frames.push(frame);
    if (frame.type === 'ping' && options.answerPings !== false) send({ type: 'pong' });
    look();
  });
  let over: { code: number; reason: string } | null = null;
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      over = { code, reason: String(reason) };
      resolve(over);
      look();
    });
  });
  socket.on('error', () => {});

  function send(frame: TillFrame | string): void {
    socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  return {
    frames,
    deliveries: () => frames.filter((frame) => frame.type === 'delivery'),
    until: (type, fits = () => true) =>
      new Promise((resolve, reject) => {
        const watch = () => {
          const found = frames.find((frame) => frame.type === type && fits(frame as never));
          if (!found && !over) return;
          watchers.delete(watch);
          if (found) resolve(found as never);
          else reject(new Error(`The connection ended: ${JSON.stringify(over)}`));
        };
        watchers.add(watch);
        watch();
      }),
    send,
    closed,
    freeze: () => socket.pause(),
    drop: () => socket.terminate(),
    socket,
  };
}

/** A connection that has been welcomed. Rejects when it is not. */
export async function connect(origin: string, { till, keys, after = null }: Opening): Promise<TestTill> {
  const client = connectRaw(origin);
  const { relay, nonce } = await client.until('challenge');
  const signature = signHello({ relay, till, nonce }, keys.privateKey);
  client.send({ type: 'hello', protocol: RELAY_PROTOCOL, till, signature, after });
  await client.until('welcome');
  return client;
}
