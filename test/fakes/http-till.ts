import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { type TestTill, testTill } from './till.ts';

export interface Answer {
  status: number;
  body: Record<string, unknown> & { code?: string };
  setCookie: string[];
}

/** A till on a simulated clock behind a real HTTP server. */
export async function httpTill(change: Parameters<typeof testTill>[0] = {}) {
  const till: TestTill = testTill({ uiDir: import.meta.dirname, ...change });
  till.backend.start();
  const server = createServer(till.backend.http);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  onTestFinished(async () => {
    await till.backend.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  function send(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: object,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          port,
          host: '127.0.0.1',
          method,
          path,
          headers: { 'content-type': 'application/json', ...headers },
        },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8');
          answer.on('data', (chunk: string) => {
            text += chunk;
          });
          answer.on('error', reject);
          answer.on('end', () => {
            const isJson = answer.headers['content-type']?.includes('json') ?? false;
            resolve({
              status: answer.statusCode ?? 0,
              body: isJson ? JSON.parse(text) : {},
              setCookie: answer.headers['set-cookie'] ?? [],
            });
          });
        },
      );
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  return {
    ...till,
    port,
    send,
    api: (method: 'GET' | 'POST', path: string, headers?: Record<string, string>, body?: object) =>
      send(method, `/api/v1${path}`, headers, body),
    /** The cookie of a browser window that came in through the one-time link. */
    async openWindow(): Promise<string> {
      const { setCookie } = await send('GET', till.backend.newLinkPath());
      return setCookie[0]?.split(';')[0] ?? '';
    },
  };
}
