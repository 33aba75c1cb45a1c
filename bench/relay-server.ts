import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { WebSocketServer } from 'ws';
import { listen } from '../ports/service.ts';
import { startTestRelay } from '../relay/test-relay.ts';
import { enrol, newKeys } from '../relay/test-till.ts';

/** One server under measure, on a thread of its own: tells its origin, and ends when it is told to. */
const keys = newKeys();
const { origin, stop } = await (workerData === 'relay' ? startRelay() : startFloor());
parentPort?.postMessage({
  origin,
  privateKey: keys.privateKey.export({ format: 'pem', type: 'pkcs8' }),
});
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

/** The least that could be called durable: read the body, insert it with `synchronous=FULL`, push it, answer. */
async function startFloor() {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-bench-'));
  const db = new Database(join(dir, 'floor.sqlite'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE posts (id INTEGER PRIMARY KEY, headers TEXT, body BLOB) STRICT');
  const insert = db.prepare('INSERT INTO posts (headers, body) VALUES (?, ?)');
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const headers = JSON.stringify(request.headers);
      insert.run(headers, body);
      for (const till of tills.clients) till.send(JSON.stringify({ headers, body: body.toString('base64') }));
      response.writeHead(204).end();
    });
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
