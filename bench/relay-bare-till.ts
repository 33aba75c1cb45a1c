import type { KeyObject } from 'node:crypto';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { WebSocket } from 'ws';
import { bareDatabase, isGenuine } from './relay-bare.ts';

/**
 * The least that a till could be, on a thread of its own: it verifies what the bare relay hands it, inserts it
 * with `synchronous=FULL`, and tells its window.
 */
const { origin, window, walletKey } = workerData as {
  origin: string;
  window: MessagePort;
  walletKey: KeyObject;
};
const kept = bareDatabase();
const socket = new WebSocket(origin.replace('http', 'ws'), { perMessageDeflate: false });
socket.on('open', () => parentPort?.postMessage('open'));
socket.on('message', (data) => {
  const { headers, body } = JSON.parse(String(data)) as { headers: Record<string, string>; body: string };
  const bytes = Buffer.from(body, 'base64');
  if (!isGenuine(headers, bytes, walletKey)) throw new Error('The bare till finds it not genuine.');
  kept.insert(headers, bytes);
  window.postMessage('paid');
});
parentPort?.once('message', () => {
  socket.terminate();
  kept.close();
  process.exit();
});
