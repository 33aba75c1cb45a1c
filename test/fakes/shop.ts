import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ShopMessage } from '../../contract/webhook.ts';
import type { HttpClient } from '../../ports/http.ts';
import { undiciHttpClient } from '../../ports/http-undici.ts';
import type { SimClock } from '../../ports/sim-clock.ts';

/** 32 bytes; known to nobody but tests. */
export const SHOP_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export interface Received {
  headers: IncomingHttpHeaders;
  body: string;
  message: ShopMessage;
  /** On the till's clock, monotonic. */
  atMs: number;
}

/** `drop`: read, then the connection is cut · `hold`: read, and never answered. */
type Reply = number | 'drop' | 'hold' | { status: number; headers?: Record<string, string>; body?: string };

/** A shop's system: a real HTTP server on loopback that answers as told and notes what it was sent. */
export class ShopReceiver {
  readonly received: Received[] = [];
  reply: (received: Received) => Reply = () => 204;
  readonly #waiters = new Set<() => void>();
  readonly #server: Server;
  readonly #clock: Pick<SimClock, 'monotonicMs'>;

  constructor(clock: Pick<SimClock, 'monotonicMs'>) {
    this.#clock = clock;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const received = {
          headers: request.headers,
          body,
          message: JSON.parse(body) as ShopMessage,
          atMs: this.#clock.monotonicMs(),
        };
        this.received.push(received);
        for (const waiter of this.#waiters) waiter();
        const reply = this.reply(received);
        if (reply === 'hold') return;
        if (reply === 'drop') {
          request.socket.destroy();
          return;
        }
        const {
          status,
          headers = {},
          body: text = '',
        } = typeof reply === 'number' ? { status: reply } : reply;
        response.writeHead(status, headers).end(text);
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/paid?from=till`;
  }

  /** Resolves once so many messages have come. */
  async hears(count: number): Promise<void> {
    while (this.received.length < count)
      await new Promise<void>((resolve) => {
        const waiter = () => {
          this.#waiters.delete(waiter);
          resolve();
        };
        this.#waiters.add(waiter);
      });
  }

  /** Ids, first time each, in the order of arrival. */
  ids(): string[] {
    return [...new Set(this.received.map(({ message }) => message.id))];
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The real network on which a test can wait: simulated time passes only while nothing is under way. */
export function watchedHttp(): HttpClient & { pass(clock: SimClock, ms: number): Promise<void> } {
  const http = undiciHttpClient();
  const underWay = new Set<Promise<unknown>>();
  return {
    send(request, options) {
      const sent = http.send(request, options);
      underWay.add(sent);
      const done = () => underWay.delete(sent);
      sent.then(done, done);
      return sent;
    },
    close: () => http.close(),
    async pass(clock, ms) {
      for (let passed = 0; passed <= ms; passed += STEP_MS) {
        while (underWay.size > 0) {
          await Promise.allSettled(underWay);
          await clock.advance(0);
        }
        if (passed < ms) await clock.advance(Math.min(STEP_MS, ms - passed));
      }
      while (underWay.size > 0) {
        await Promise.allSettled(underWay);
        await clock.advance(0);
      }
    },
  };
}

const STEP_MS = 250;
