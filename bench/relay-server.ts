import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { listen } from '../ports/service.ts';
import { startTestRelay } from '../relay/test-relay.ts';
import { enrol, newKeys } from '../relay/test-till.ts';

/** One server under measure, on a thread of its own: posts where to post, and ends when it is told to. */
const start = workerData === 'relay' ? startRelay : startFloor;
const { address, stop } = await start();
parentPort?.postMessage(address);
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
  await enrol(relay.origin, 'a', newKeys());
  return { address: `${relay.origin}/notify/a/wechat`, stop: () => relay.stop() };
}

/** The least that could be called durable: read the body, insert it with `synchronous=FULL`, answer. */
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
      insert.run(JSON.stringify(request.headers), Buffer.concat(chunks));
      response.writeHead(204).end();
    });
  });
  const origin = await listen(server, { host: '127.0.0.1', port: 0 });
  return {
    address: `${origin}/`,
    async stop() {
      server.closeAllConnections();
      server.close();
      db.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
