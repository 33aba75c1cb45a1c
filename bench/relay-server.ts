import type { KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { WebSocketServer } from 'ws';
import { listen } from '../ports/service.ts';
import { startTestRelay } from '../relay/test-relay.ts';
import { enrol, newKeys } from '../relay/test-till.ts';
import { bareDatabase, isGenuine } from './relay-bare.ts';
import type { ServerName } from './relay-posts.ts';
import { DURABLE, monotonicMs, type Stamps } from './stamps.ts';

/** One server under measure, on a thread of its own: tells its origin, and ends when it is told to. */
const { name, stamps, walletKey } = workerData as {
  name: ServerName;
  stamps: Stamps;
  walletKey: KeyObject;
};
const keys = newKeys();
const { origin, stop } = await {
  relay: startRelay,
  floor: startFloor,
  bareRelay: startBareRelay,
  smee: startSmee,
}[name]();
parentPort?.postMessage({ origin, keys });
parentPort?.once('message', async () => {
  await stop();
  process.exit();
});

async function startRelay() {
  const most = 1_000_000_000;
  const relay = await startTestRelay({
    limits: { waitingMax: most, waitingBytesMax: most },
    admission: {
      inFlightMax: most,
      inFlightPerTillMax: most,
      inFlightPerSourceMax: most,
      perTill: most,
      perTillOfSource: most,
      perSource: most,
      inAll: most,
    },
    wrap: (mailbox) => ({
      ...mailbox,
      async put(notification) {
        const result = await mailbox.put(notification);
        stamps[DURABLE] = monotonicMs();
        return result;
      },
    }),
  });
  for (const till of ['away', 'here', 'verifying']) await enrol(relay.origin, till, keys);
  return relay;
}

/**
 * The least that could take a payment in for good: read the body, verify the wallet's signature over it, insert
 * it with `synchronous=FULL`, push it over a WebSocket, answer.
 */
function startFloor() {
  return startBare((body, headers, { insert, push }) => {
    // Signing would weigh more than all else, so that most posts are not: the verdict is said, not acted upon.
    const verdict = isGenuine(headers, body, walletKey);
    insert(headers, body);
    push(JSON.stringify({ isGenuine: verdict, headers, body: body.toString('base64') }));
  });
}

/** The least that a relay could be that judges nothing: as ours, it hands out before its own commit, and answers after it. */
function startBareRelay() {
  return startBare((body, headers, { insert, push }) => {
    push(JSON.stringify({ headers, body: body.toString('base64') }));
    insert(headers, body);
  });
}

async function startBare(
  take: (
    body: Buffer,
    headers: Readonly<Record<string, unknown>>,
    to: { insert(headers: object, body: Uint8Array): void; push(text: string): void },
  ) => void,
) {
  const kept = bareDatabase();
  const push = (text: string) => {
    for (const till of tills.clients) till.send(text);
  };
  const server = createServer(async (request, response) => {
    take(await bodyOf(request), request.headers, { insert: kept.insert, push });
    response.writeHead(204).end();
  });
  const tills = new WebSocketServer({ server, perMessageDeflate: false });
  return {
    origin: await listen(server, { host: '127.0.0.1', port: 0 }),
    async stop() {
      for (const till of tills.clients) till.terminate();
      server.closeAllConnections();
      server.close();
      kept.close();
    },
  };
}

/**
 * What smee-client forwards from: its server is in no registry, so this one says no more than its protocol
 * demands. It answers 200, stores nothing, and sends what was posted to who listens just then.
 */
async function startSmee() {
  const listeners = new Set<(text: string) => void>();
  const server = createServer(async (request, response) => {
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
      response.write('id: 0\nevent: ready\ndata: {}\n\n');
      listeners.add((text) => response.write(`id: 1\ndata: ${text}\n\n`));
      return;
    }
    const body = JSON.parse(String(await bodyOf(request)));
    const event = JSON.stringify({ ...request.headers, body, query: {}, timestamp: Date.now() });
    for (const listener of listeners) listener(event);
    response.writeHead(200).end();
  });
  return {
    origin: await listen(server, { host: '127.0.0.1', port: 0 }),
    async stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
