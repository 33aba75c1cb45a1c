import { type KeyObject, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { WebSocketServer } from 'ws';
import { listen } from '../ports/service.ts';
import { startTestRelay } from '../relay/test-relay.ts';
import { enrol, newKeys } from '../relay/test-till.ts';

/** One server under measure, on a thread of its own: tells its origin, and ends when it is told to. */
const { name, walletKey } = workerData as { name: 'relay' | 'floor' | 'smee'; walletKey: KeyObject };
const keys = newKeys();
const { origin, stop } = await { relay: startRelay, floor: startFloor, smee: startSmee }[name]();
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
      perSource: most,
      inAll: most,
    },
  });
  for (const till of ['away', 'here']) await enrol(relay.origin, till, keys);
  return relay;
}

/**
 * The least that could take a payment in for good: read the body, verify the wallet's signature over it, insert
 * it with `synchronous=FULL`, push it over a WebSocket, answer.
 */
async function startFloor() {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-bench-'));
  const db = new Database(join(dir, 'floor.sqlite'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE posts (id INTEGER PRIMARY KEY, headers TEXT, body BLOB) STRICT');
  const insert = db.prepare('INSERT INTO posts (headers, body) VALUES (?, ?)');
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const { headers } = request;
    const signed = `${headers['wechatpay-timestamp']}\n${headers['wechatpay-nonce']}\n${body}\n`;
    const signature = Buffer.from(String(headers['wechatpay-signature']), 'base64');
    const isGenuine = verify('sha256', Buffer.from(signed), walletKey, signature);
    // Signing would weigh more than all else, so that most posts are not: the verdict is said, not acted upon.
    insert.run(JSON.stringify(headers), body);
    for (const till of tills.clients)
      till.send(JSON.stringify({ isGenuine, headers, body: body.toString('base64') }));
    response.writeHead(204).end();
  });
  const tills = new WebSocketServer({ server, perMessageDeflate: false });
  return {
    origin: await listen(server, { host: '127.0.0.1', port: 0 }),
    async stop() {
      for (const till of tills.clients) till.terminate();
      server.closeAllConnections();
      server.close();
      db.close();
      rmSync(dir, { recursive: true, force: true });
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
