import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** A wallet of the test's own on a real socket: it says what the test lets it say. */
export interface StandInWallet {
  origin: string;
  /** Requests in order of arrival. */
  received: Received[];
  /** Decides what the next requests get. */
  answer: (request: Received) => Reply;
  close(): Promise<void>;
}

export interface Received {
  method: string;
  /** Path with query as it arrived. */
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** What the wallet does: an answer, or a fault of the network. */
export type Reply = Answer | 'silent' | 'reset' | 'half';

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body: string;
}

/** Starts a wallet that answers 500 until the test says otherwise. */
export async function standInWallet(): Promise<StandInWallet> {
  const server = createServer((incoming, outgoing) => {
    void readBody(incoming).then((body) => {
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: flat(incoming),
        body,
      };
      wallet.received.push(request);
      give(wallet.answer(request), incoming, outgoing);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const wallet: StandInWallet = {
    origin: `http://127.0.0.1:${port}`,
    received: [],
    answer: () => ({ status: 500, body: '' }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return wallet;
}

function give(reply: Reply, incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (reply === 'silent') return;
  if (reply === 'reset') {
    incoming.socket.resetAndDestroy();
    return;
  }
  if (reply === 'half') {
    outgoing.writeHead(200, { 'content-length': '1000' });
    outgoing.write('{"half":', () => incoming.socket.destroy());
    return;
  }
  outgoing.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
  outgoing.end(reply.body);
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function flat(incoming: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as const),
  );
}
