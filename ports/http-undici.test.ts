import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import forge from 'node-forge';
import { afterEach, expect, test, vi } from 'vitest';
import { type HttpClient, HttpFault, type HttpRequest, type HttpTimeouts } from './http.ts';
import { type UndiciOptions, undiciHttpClient } from './http-undici.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A raw TCP server; `onRequest` is called with every request head that has arrived whole. */
async function tcp(
  onRequest: (socket: Socket, head: string) => void,
): Promise<{ origin: string; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      const end = text.indexOf('\r\n\r\n');
      if (end === -1) return;
      const head = text.slice(0, end);
      text = '';
      onRequest(socket, head);
    });
  });
  return { origin: await listening(server, 'http', sockets), sockets };
}

async function listening(server: Server, scheme: string, sockets: Socket[] = []): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `${scheme}://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
}

function client(options: UndiciOptions = {}): HttpClient {
  const made = undiciHttpClient(options);
  cleanups.push(() => made.close());
  return made;
}

function get(origin: string): HttpRequest {
  return { method: 'GET', origin, path: '/a?b=c', headers: { accept: 'application/json' } };
}

async function faultOf(promise: Promise<unknown>): Promise<Pick<HttpFault, 'kind' | 'reachedServer'>> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof HttpFault)) throw new Error('Expected an HttpFault.', { cause: error });
  return { kind: error.kind, reachedServer: error.reachedServer };
}

const SHORT: Partial<HttpTimeouts> = { headersMs: 60, bodyMs: 60 };

test('an answer comes back with its status, joined headers and raw bytes', async () => {
  const { origin } = await tcp((socket, head) => {
    expect(head).toMatch(/^GET \/a\?b=c HTTP\/1\.1/);
    socket.write('HTTP/1.1 404 Not Found\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 3\r\n\r\n\xffab', 'latin1');
  });
  const answer = await client().send(get(origin));
  expect(answer.status).toBe(404);
  expect(answer.headers['x-a']).toBe('1, 2');
  expect([...answer.body]).toEqual([0xff, 0x61, 0x62]);
});

test('a refused port certainly never reached the server', async () => {
  const server = createServer();
  const origin = await listening(server, 'http');
  await new Promise((resolve) => server.close(resolve));
  expect(await faultOf(client().send(get(origin)))).toEqual({ kind: 'connect', reachedServer: 'no' });
});

test('a host that does not resolve certainly never reached the server', async () => {
  const made = client({ timeouts: { connectMs: 2_000 } });
  const fault = await faultOf(made.send(get('https://mianfu.invalid')));
  expect(fault.reachedServer).toBe('no');
});

test('a certificate that nobody vouches for stops the request before it is sent', async () => {
  const pair = forge.pki.rsa.generateKeyPair(2048);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = pair.publicKey;
  certificate.serialNumber = '01';
  certificate.validity.notAfter = new Date(Date.now() + 3_600_000);
  certificate.sign(pair.privateKey, forge.md.sha256.create());
  const server = createTlsServer({
    key: forge.pki.privateKeyToPem(pair.privateKey),
    cert: forge.pki.certificateToPem(certificate),
  });
  server.on('tlsClientError', () => {});
  const origin = await listening(server, 'https');
  expect(await faultOf(client().send(get(origin)))).toEqual({ kind: 'connect', reachedServer: 'no' });
});

test('plain http leaves this machine under no circumstances', async () => {
  const fault = await faultOf(client().send(get('http://192.0.2.1')));
  expect(fault).toEqual({ kind: 'connect', reachedServer: 'no' });
  expect(await faultOf(client().send(get('http://127.evil.example')))).toEqual(fault);
  expect(await faultOf(client().send(get('https://a.example/path')))).toEqual(fault);
});

test('a server that accepts and stays silent may have acted', async () => {
  const { origin } = await tcp(() => {});
  const fault = await faultOf(client({ timeouts: SHORT }).send(get(origin)));
  expect(fault).toEqual({ kind: 'timeout', reachedServer: 'maybe' });
});

test('waiting for a free connection ends after the connect time, unsent', async () => {
  const heads: string[] = [];
  const arrived = Promise.withResolvers<void>();
  const { origin } = await tcp((_socket, head) => {
    heads.push(head);
    arrived.resolve();
  });
  const made = client({ connectionsMax: 1 });
  const controller = new AbortController();
  const first = faultOf(made.send(get(origin), { signal: controller.signal }));
  await arrived.promise;
  const second = await faultOf(made.send(get(origin), { timeouts: { connectMs: 60 } }));
  expect(second).toEqual({ kind: 'timeout', reachedServer: 'no' });
  controller.abort();
  expect(await first).toEqual({ kind: 'aborted', reachedServer: 'maybe' });
  expect(heads).toHaveLength(1);
});

test('a reset before the answer may have acted', async () => {
  const { origin } = await tcp((socket) => socket.resetAndDestroy());
  expect(await faultOf(client().send(get(origin)))).toEqual({ kind: 'reset', reachedServer: 'maybe' });
});

test('a request is never repeated after a reset, not even a GET', async () => {
  let requests = 0;
  const { origin } = await tcp((socket) => {
    requests++;
    socket.destroy();
  });
  await faultOf(client().send(get(origin)));
  expect(requests).toBe(1);
});

test('half a body is a fault, never an answer', async () => {
  const { origin } = await tcp((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'));
  expect(await faultOf(client().send(get(origin)))).toEqual({ kind: 'reset', reachedServer: 'maybe' });
});

test('a body that stops coming is a fault', async () => {
  const { origin } = await tcp((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'));
  const fault = await faultOf(client({ timeouts: SHORT }).send(get(origin)));
  expect(fault).toEqual({ kind: 'timeout', reachedServer: 'maybe' });
});

test('a body that drips for ever ends with the total time', async () => {
  let requests = 0;
  const { origin } = await tcp((socket) => {
    requests++;
    if (requests === 1) {
      socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      return;
    }
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    const drip = setInterval(() => socket.write('1\r\nx\r\n'), 10);
    socket.on('close', () => clearInterval(drip));
  });
  // Its connection stands before its time begins: how long connecting takes is not in question.
  const made = client({ connectionsMax: 1 });
  await made.send(get(origin));
  const fault = await faultOf(made.send(get(origin), { timeouts: { bodyMs: 5_000, totalMs: 150 } }));
  expect(fault).toEqual({ kind: 'timeout', reachedServer: 'maybe' });
});

test('a body beyond the bound is cut off', async () => {
  const { origin } = await tcp((socket) =>
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n${'x'.repeat(2_000)}`),
  );
  const fault = await faultOf(client({ bodyMaxBytes: 1_999 }).send(get(origin)));
  expect(fault).toEqual({ kind: 'body_too_large', reachedServer: 'maybe' });
  expect((await client({ bodyMaxBytes: 2_000 }).send(get(origin))).body).toHaveLength(2_000);
});

test('what is not HTTP at all is a fault', async () => {
  const { origin } = await tcp((socket) => socket.write('SSH-2.0-x\r\n'));
  expect((await faultOf(client().send(get(origin)))).reachedServer).toBe('maybe');
});

test('giving up says whether the request was already under way', async () => {
  const arrived = Promise.withResolvers<void>();
  const { origin } = await tcp(() => arrived.resolve());
  const controller = new AbortController();
  const made = client();
  const waiting = faultOf(made.send(get(origin), { signal: controller.signal }));
  await arrived.promise;
  controller.abort();
  expect(await waiting).toEqual({ kind: 'aborted', reachedServer: 'maybe' });
  expect(await faultOf(made.send(get(origin), { signal: controller.signal }))).toEqual({
    kind: 'aborted',
    reachedServer: 'no',
  });
});

test('calls one after another reuse their connections, and a closed client refuses', async () => {
  const { origin, sockets } = await tcp((socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n'));
  const made = client();
  for (let i = 0; i < 20; i++) expect((await made.send(get(origin))).status).toBe(204);
  // Undici frees a connection just after its answer is handed over, so that two take turns.
  expect(sockets.length).toBeLessThanOrEqual(2);
  await made.close();
  expect(await faultOf(made.send(get(origin)))).toEqual({ kind: 'aborted', reachedServer: 'no' });
});

test('a redirect is an answer like any other, and is not followed', async () => {
  const { origin, sockets } = await tcp((socket) =>
    socket.write('HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'),
  );
  expect((await client().send(get(origin))).status).toBe(302);
  expect(sockets).toHaveLength(1);
});

test('connections are kept for a few origins only, and an answer under way is not lost by that', async () => {
  const http = client();
  const origins: string[] = [];
  const sockets: Socket[][] = [];
  const held: Socket[] = [];
  for (let n = 0; n < 12; n++) {
    const server = await tcp((socket) => {
      if (n === 0 && held.push(socket) === 1) return;
      socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    });
    origins.push(server.origin);
    sockets.push(server.sockets);
  }
  const [first = '', ...others] = origins;
  const waiting = http.send(get(first));
  for (const origin of others) await http.send(get(origin));
  const open = () => sockets.filter((each) => each.some((socket) => !socket.readableEnded)).length;
  await vi.waitFor(() => expect(open()).toBe(9));
  held[0]?.write('HTTP/1.1 204 No Content\r\n\r\n');
  expect((await waiting).status).toBe(204);
  await vi.waitFor(() => expect(open()).toBe(8));
  expect((await http.send(get(first))).status).toBe(204);
});
