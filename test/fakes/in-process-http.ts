import type { Clock } from '../../ports/clock.ts';
import { type HttpAnswer, type HttpClient, HttpFault, type HttpRequest } from '../../ports/http.ts';
import type { SandboxReply } from '../../sandbox/http.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';

const TOTAL_MS = 15_000;

/** The network as a function call: the till's requests go straight into a sandbox, on whatever clock both have. */
export function inProcessHttp(sandbox: () => Sandbox, clock: Clock): HttpClient & { down: boolean } {
  const client = {
    /** True: no connection can be made. */
    down: false,
    async send(request: HttpRequest): Promise<HttpAnswer> {
      if (client.down) throw new HttpFault('connect', 'no', 'No network.');
      const reply = sandbox().handle({
        method: request.method,
        path: request.path,
        headers: Object.fromEntries(
          Object.entries({ host: '127.0.0.1', ...request.headers }).map(([name, value]) => [
            name.toLowerCase(),
            value,
          ]),
        ),
        body: Buffer.from(request.body ?? '', 'utf8'),
      });
      return received(await withinTime(reply, clock));
    },
    async close() {},
  };
  return client;
}

function withinTime(reply: Promise<SandboxReply>, clock: Clock): Promise<SandboxReply> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new HttpFault('timeout', 'maybe', 'No answer in time.'));
    const cancel = clock.after(TOTAL_MS, late);
    reply.then(
      (value) => {
        // Silence runs into the time-out, as on a real line.
        if (value.kind === 'silence') return;
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error);
      },
    );
  });
}

function received(reply: SandboxReply): HttpAnswer {
  if (reply.kind !== 'answer' || reply.cutAtByte !== undefined) {
    throw new HttpFault('reset', 'maybe', 'The connection was reset.');
  }
  const headers = Object.fromEntries(
    Object.entries(reply.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return { status: reply.status, headers, body: reply.body };
}
