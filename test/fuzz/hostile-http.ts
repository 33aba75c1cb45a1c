import { connect } from 'node:net';
import fc from 'fast-check';
import { runsOf, spoiled } from './mutate.ts';

/** Against a hang alone: whoever has read a whole request, or its end, answers or hangs up. */
const HANG_MS = 20_000;
const AT_ONCE = 16;
/** Enough of an answer to see its status and type. */
const ANSWER_BYTES_KEPT = 4_096;

interface Answer {
  /** Null: the connection was ended without an answer. */
  status: number | null;
  head: string;
  hung: boolean;
}

/** What is sent on one connection. */
export interface Input {
  bytes: Uint8Array;
  /** It is a request, and is waited for; of what may be none the end is told, or the other side would wait for more. */
  isWhole: boolean;
}

/** Sends bytes to a port, and hears what comes until the other side ends, or has said enough. */
function sendBytes(port: number, { bytes, isWhole }: Input): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let heard = Buffer.alloc(0);
    const finish = (hung: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      const text = heard.toString('latin1');
      // What was said before the last word counts as well: a body may hold a further request.
      const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
      resolve({ status: statuses.find((each) => each >= 500) ?? statuses[0] ?? null, head: text, hung });
    };
    const timer = setTimeout(() => finish(true), HANG_MS);
    socket.on('data', (piece) => {
      heard = Buffer.concat([heard, piece]).subarray(0, ANSWER_BYTES_KEPT);
      const [head = '', ...rest] = heard.toString('latin1').split('\r\n\r\n');
      // What is kept open (a stream, a WebSocket) goes on for ever; its beginning is enough.
      if (isWhole && rest.length > 0 && !/^connection: close/im.test(head)) finish(false);
      if (/^content-type: text\/event-stream/im.test(head)) finish(false);
    });
    socket.on('error', () => finish(false));
    socket.on('close', () => finish(false));
    socket.on('end', () => finish(false));
    if (isWhole) socket.write(bytes);
    else socket.end(bytes);
  });
}

/** One request as it goes over the wire. */
export function request(
  line: string,
  headers: Readonly<Record<string, string>> = {},
  body?: string | Uint8Array,
): Buffer {
  const bytes = Buffer.from(body ?? '');
  const all = {
    host: '127.0.0.1',
    ...headers,
    ...(body === undefined ? {} : { 'content-length': String(bytes.length) }),
    // So that every connection ends.
    connection: headers.connection ?? 'close',
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${line} HTTP/1.1\r\n${head.join('')}\r\n`), bytes]);
}

export interface Barrage {
  /** How often each status was heard; `none` where the connection ended without one. */
  statuses: Map<string, number>;
  /** Requests that were answered with a fault of the server, or not at all, to be read and sent again. */
  faults: string[];
}

/** Sends every input of `inputs`, some at a time. `allowed` are statuses from 500 on that may be. */
export async function barrage(
  port: number,
  inputs: readonly Input[],
  allowed: readonly number[] = [],
): Promise<Barrage> {
  const statuses = new Map<string, number>();
  const faults: string[] = [];
  const left = [...inputs];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let input = left.pop(); input; input = left.pop()) {
        const { status, head, hung } = await sendBytes(port, input);
        const key = String(status ?? 'none');
        statuses.set(key, (statuses.get(key) ?? 0) + 1);
        const isFault = status !== null && status >= 500 && !allowed.includes(status);
        if (hung || isFault)
          faults.push(
            `${hung ? 'hung' : head.slice(0, 300)} for ${Buffer.from(input.bytes).toString('latin1').slice(0, 600)}`,
          );
      }
    }),
  );
  return { statuses, faults };
}

/** The places of a request that are read by whom it is for, once its bytes are a request at all. */
function parts(bytes: Buffer): { line: string; headers: string[]; body: Buffer } {
  const end = bytes.indexOf('\r\n\r\n');
  const [line = '', ...headers] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  return { line, headers, body: bytes.subarray(end + 4) };
}

function joined(line: string, headers: readonly string[], body: Buffer): Buffer {
  const framed = headers.map((header) =>
    /^content-length:/i.test(header) ? `content-length: ${body.length}` : header,
  );
  return Buffer.concat([Buffer.from(`${[line, ...framed].join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

/** Spoils one part, and keeps it a request: what no HTTP parser lets through is sent by the raw ones. */
function spoiledPart(bytes: Buffer): fc.Arbitrary<Buffer> {
  const { line, headers, body } = parts(bytes);
  const [method = '', target = ''] = line.split(' ');
  const ofTarget = spoiled([target]).map((each) => {
    const legal = each.toString('latin1').replace(/[^\x21-\x7e]/g, '');
    return joined(`${method} /${legal.replace(/^\//, '').slice(0, 4_000)} HTTP/1.1`, headers, body);
  });
  const ofHeader = fc.nat(headers.length - 1).chain((index) => {
    const [name = '', value = ''] = (headers[index] ?? '').split(/: (.*)/s);
    return spoiled([value]).map((each) => {
      const legal = each.toString('latin1').replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
      // How long a body is belongs to the raw ones; with the host changed nobody is there.
      const isFraming = /^(host|content-length|connection|transfer-encoding)$/i.test(name);
      const changed = headers.with(
        index,
        isFraming ? `${name}: ${value}` : `${name}: ${legal.slice(0, 4_000)}`,
      );
      return joined(line, changed, body);
    });
  });
  if (body.length === 0) return fc.oneof(ofTarget, ofHeader);
  const ofBody = spoiled([body]).map((each) => joined(line, headers, each.subarray(0, 60_000)));
  return fc.oneof(ofTarget, ofHeader, { weight: 3, arbitrary: ofBody });
}

/** One request, as it is. */
export const whole = (bytes: Uint8Array): Input => ({ bytes, isWhole: true });

/** In chunks, a spoiled body may be one that never ends. */
const framed = (bytes: Buffer): Input => ({ bytes, isWhole: !bytes.includes('transfer-encoding') });

/** Genuine requests: as they are, with one part spoiled, and spoiled in any byte. */
export function spoiledRequests(corpus: readonly Buffer[], runs: number): Input[] {
  const inputs = fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(...corpus).map(whole) },
    {
      weight: 6,
      arbitrary: fc
        .constantFrom(...corpus)
        .chain(spoiledPart)
        .map(framed),
    },
    { weight: 3, arbitrary: spoiled(corpus).map((bytes) => ({ bytes, isWhole: false })) },
  );
  return fc.sample(inputs, runsOf(runs));
}

/** The resident memory of a service, in bytes, as it says itself. */
export async function residentBytes(origin: string): Promise<number> {
  const text = await (await fetch(`${origin}/metrics`)).text();
  return Number(/^process_resident_memory_bytes\{[^}]*\} (\S+)$/m.exec(text)?.[1]);
}
