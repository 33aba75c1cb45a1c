import { once } from 'node:events';
import { createServer } from 'node:http';
import { Worker } from 'node:worker_threads';
import { listen } from '../ports/service.ts';
import { connect } from '../relay/test-till.ts';
import type { Work } from './measure.ts';
import { another, paid, type Server } from './relay-posts.ts';

interface Forwarding {
  /** Posts one, and resolves when its sender was answered and it has arrived. */
  deliver: Work;
  stop(): Promise<void>;
}

/** A till that acknowledges whatever comes, without looking at it. */
export async function receivedBy({ origin, keys, post }: Server): Promise<Forwarding> {
  const till = await connect(origin, { till: 'here', keys });
  const arrivals = waiting();
  till.socket.removeAllListeners('message');
  till.socket.on('message', (data) => {
    const frame = JSON.parse(String(data)) as { type: string; seq?: number; body?: string };
    if (frame.type === 'ping') till.send({ type: 'pong' });
    if (frame.body === undefined || frame.seq === undefined) return;
    till.send({ type: 'ack', seq: frame.seq });
    arrivals.arrived(Buffer.from(frame.body, 'base64').toString('utf8'));
  });
  return {
    deliver: arrivals.deliver((sent) => post('/notify/here/wechat', sent)),
    async stop() {
      till.drop();
      await till.closed;
    },
  };
}

/** smee-client on a thread of its own, and the server on this machine that it forwards to. */
export async function forwarding({ origin, post }: Server): Promise<Forwarding> {
  const arrivals = waiting();
  const target = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      response.writeHead(200).end();
      arrivals.arrived(body);
    });
  });
  const targetOrigin = await listen(target, { host: '127.0.0.1', port: 0 });
  const client = new Worker(new URL('./smee-client.ts', import.meta.url), {
    workerData: { source: `${origin}/channel`, target: targetOrigin },
  });
  await once(client, 'message');
  return {
    deliver: arrivals.deliver((sent) => post('/channel', sent)),
    async stop() {
      await client.terminate();
      target.closeAllConnections();
      target.close();
    },
  };
}

function waiting() {
  const sample = paid('T1');
  const awaited = new Map<string, () => void>();
  return {
    arrived(body: string): void {
      const { id } = JSON.parse(body) as { id: string };
      awaited.get(id)?.();
      awaited.delete(id);
    },
    deliver: (post: (sent: ReturnType<typeof paid>) => Promise<void>) => async () => {
      const sent = another(sample);
      const arrival = new Promise<void>((resolve) => {
        awaited.set(sent.id, resolve);
      });
      await Promise.all([post(sent), arrival]);
    },
  };
}
