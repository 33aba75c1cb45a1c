import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import { controlError, type SandboxAnswer, type SandboxReply } from './http.ts';
import type { Sandbox } from './sandbox.ts';

/** Larger bodies are refused; the wallets' own requests stay below 10 kB. */
const BODY_BYTES_MAX = 1024 * 1024;

export interface SandboxServerOptions {
  clock: Clock;
  log: Log;
  /** The text of `GET /metrics`, if it is served. */
  metrics?: () => Promise<{ contentType: string; text: string }>;
}

/** Puts a sandbox behind HTTP: raw bodies in, replies out, silence and resets as the sandbox says. */
export function createSandboxServer(sandbox: Sandbox, options: SandboxServerOptions): Server {
  const server = createServer((request, response) => {
    serve(sandbox, options, request, response).catch((error: unknown) => {
      // The client went away before its request was whole.
      if (request.destroyed && !request.complete) return;
      options.log.error({ err: error, path: request.url }, 'request failed');
      if (response.headersSent) response.destroy();
      else write(response, controlError(500, 'internal', 'The sandbox failed; its log says why.'));
    });
  });
  // As WeChat's own servers: an idle connection ends after some seconds.
  server.keepAliveTimeout = 8_000;
  return server;
}

/** Stops listening and ends every connection, also those that are held in silence. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}

async function serve(
  sandbox: Sandbox,
  options: SandboxServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  if (!body) {
    response.setHeader('connection', 'close');
    write(response, controlError(413, 'body_too_large', `A body may have ${BODY_BYTES_MAX} bytes.`));
    return;
  }
  const path = request.url ?? '/';
  if (options.metrics && request.method === 'GET' && path === '/metrics') {
    const { contentType, text } = await options.metrics();
    response.setHeader('content-type', contentType).end(text);
    return;
  }
  const reply = await sandbox.handle({
    method: request.method ?? 'GET',
    path,
    headers: flat(request.headers),
    body,
  });
  deliver(reply, options.clock, response);
}

function deliver(reply: SandboxReply, clock: Clock, response: ServerResponse): void {
  const { socket } = response;
  if (reply.kind === 'reset') {
    socket?.resetAndDestroy();
  } else if (reply.kind === 'silence') {
    const cancel = clock.after(reply.holdMs, () => socket?.destroy());
    response.once('close', cancel);
  } else if (reply.cutAtByte === undefined) {
    write(response, reply);
  } else {
    const { cutAtByte } = reply;
    // The length of the whole is promised, so that the client sees that something is missing.
    response.writeHead(reply.status, { ...reply.headers, 'content-length': String(reply.body.length) });
    response.write(reply.body.subarray(0, cutAtByte), () => socket?.destroy());
  }
}

function write(response: ServerResponse, reply: SandboxAnswer): void {
  const length = reply.status === 204 ? {} : { 'content-length': String(reply.body.length) };
  response.writeHead(reply.status, { ...reply.headers, ...length });
  response.end(reply.status === 204 ? undefined : reply.body);
}

/** Null when it is larger than {@link BODY_BYTES_MAX}. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > BODY_BYTES_MAX) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function flat(headers: IncomingMessage['headers']): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}
