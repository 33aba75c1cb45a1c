import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { systemClock } from './clock.ts';
import { wsSocket } from './socket-ws.ts';

const LIMITS = { frameBytesMax: 1_000, connectMs: 2_000 };

/** A server, and what it sees of its callers. */
async function server(onCall: (socket: WebSocket) => void): Promise<string> {
  const made = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => {
    for (const client of made.clients) client.terminate();
    made.close();
  });
  made.on('connection', onCall);
  await new Promise((resolve) => made.once('listening', resolve));
  return `ws://127.0.0.1:${(made.address() as { port: number }).port}/till`;
}

/** A TCP server that does as it likes. */
async function tcp(onConnect: (socket: TcpSocket) => void): Promise<{ url: string; server: Server }> {
  const sockets: TcpSocket[] = [];
  const made = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    onConnect(socket);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    made.close();
  });
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return { url: `ws://127.0.0.1:${(made.address() as { port: number }).port}/`, server: made };
}

function call(url: string, limits = LIMITS) {
  const received: string[] = [];
  const first = Promise.withResolvers<string>();
  const closed = Promise.withResolvers<number | null>();
  const socket = wsSocket(systemClock())(url, limits, {
    received(text) {
      received.push(text);
      first.resolve(text);
    },
    closed: closed.resolve,
  });
  return { socket, received, first: first.promise, closed: closed.promise };
}

test('text goes both ways, and the other side’s reason to end is told', async () => {
  const url = await server((socket) => {
    socket.send('你好');
    socket.on('message', (data) => socket.close(String(data) === 'revoke me' ? 4403 : 4400));
  });
  const { socket, first, closed } = call(url);
  expect(await first).toBe('你好');
  socket.send('revoke me');
  expect(await closed).toBe(4403);
  socket.send('nobody hears this');
});

test('what was sent goes before the close, in its order', async () => {
  const heard: string[] = [];
  const ended = Promise.withResolvers<void>();
  const url = await server((socket) => {
    socket.on('message', (data) => heard.push(String(data)));
    socket.on('close', () => ended.resolve());
    socket.send('come in');
  });
  const { socket, first } = call(url);
  await first;
  socket.send('one');
  socket.send('two');
  socket.close(4400, 'enough');
  await ended.promise;
  expect(heard).toEqual(['one', 'two']);
});

test('our own reason to end reaches the other side', async () => {
  const heard = Promise.withResolvers<number>();
  const url = await server((socket) => {
    socket.send('x');
    socket.on('close', (code) => heard.resolve(code));
  });
  const { socket, first, closed } = call(url);
  await first;
  socket.close(4408, 'silent');
  socket.close(4408, 'silent');
  expect(await heard.promise).toBe(4408);
  expect(await closed).toBe(4408);
});

test.each<[string, (socket: WebSocket) => void]>([
  ['bytes', (socket) => socket.send(Buffer.from([1, 2, 3]))],
  ['a frame that is too long', (socket) => socket.send('x'.repeat(1_001))],
])('%s end the connection, unread', async (_, act) => {
  const { received, closed } = call(await server(act));
  await closed;
  expect(received).toEqual([]);
});

test('a connection that is torn down has no reason', async () => {
  expect(await call(await server((socket) => socket.terminate())).closed).toBeNull();
});

test.each<[string, (socket: TcpSocket) => void]>([
  ['another server', (socket) => socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n')],
  [
    'one that sends elsewhere',
    (socket) => socket.end('HTTP/1.1 302 Found\r\nlocation: ws://127.0.0.1:1/\r\n\r\n'),
  ],
  ['one that hangs up', (socket) => socket.destroy()],
])('%s is nobody there', async (_, act) => {
  expect(await call((await tcp(act)).url).closed).toBeNull();
});

test('a server that never answers is given up', async () => {
  expect(await call((await tcp(() => {})).url, { ...LIMITS, connectMs: 50 }).closed).toBeNull();
});

test('a line on which nobody answers the end is torn down soon', async () => {
  const url = await server((socket) => {
    socket.send('x');
    socket.pause();
  });
  const { socket, first, closed } = call(url);
  await first;
  socket.close(4408, 'silent');
  expect(await closed).toBeNull();
});
