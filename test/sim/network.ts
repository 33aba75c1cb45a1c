import { type HttpAnswer, type HttpClient, HttpFault, type HttpRequest } from '../../ports/http.ts';
import type { SandboxReply, SandboxRequest } from '../../sandbox/http.ts';
import type { Life } from './life.ts';
import type { Chance } from './random.ts';
import type { Scenario } from './scenario.ts';
import type { WorldTime } from './time.ts';

/** The real client's limits (ports/http-undici.ts). */
const CONNECT_MS = 5_000;
const HEADERS_MS = 10_000;

/** How one till's line is just now. `refused` is noticed at once, `dark` swallows what is sent. */
type LineState = 'up' | 'refused' | 'dark';

export interface Line {
  state: LineState;
  /** True once the world has healed: nothing is lost, delayed or doubled any more. */
  isHealed: boolean;
}

/** What can happen on the way; counted for the report. */
export type LineEvent =
  | 'sent'
  | 'refused'
  | 'connect_timeout'
  | 'lost_there'
  | 'lost_back'
  | 'slow'
  | 'twice'
  | 'reset'
  | 'timeout'
  | 'aborted'
  | 'after_death';

/**
 * The network between one life of a till and the wallets. A request that is on its way reaches the wallet
 * even when its till dies or stops waiting.
 */
export function mortalHttp(deps: {
  life: Life;
  time: WorldTime;
  line: Line;
  chance: Chance;
  network: Scenario['network'];
  wallets: { handle(request: SandboxRequest): Promise<SandboxReply> };
  tell(event: LineEvent, request: HttpRequest): void;
  /** A second question of a trade's or a refund's dialogue while the first is not answered. */
  onTwoAtOnce(number: string): void;
}): HttpClient {
  const { life, time, line, chance, network, wallets, tell } = deps;

  function travelMs(request: HttpRequest): number {
    const usual = 1 + chance.float() * network.latencyMs;
    if (line.isHealed || !chance.happens(network.slow)) return usual;
    tell('slow', request);
    return usual + chance.float() * network.slowMs;
  }

  /** Trades and refunds that a question is under way about; a trade's money may go back while it is asked about itself. */
  const underWay = new Set<string>();

  const lost = (probability: number) => !line.isHealed && chance.happens(probability);

  return {
    send(request, options = {}) {
      if (life.diesAt('send')) return forever();
      tell('sent', request);
      const dialogue = dialogueIn(request);
      if (dialogue !== null && underWay.has(dialogue)) deps.onTwoAtOnce(dialogue);
      if (dialogue !== null) underWay.add(dialogue);
      return new Promise<HttpAnswer>((resolve, reject) => {
        let isSettled = false;
        const settle = (finish: () => void) => {
          if (isSettled) return;
          isSettled = true;
          if (dialogue !== null) underWay.delete(dialogue);
          cancelTimeout();
          if (life.isOver) tell('after_death', request);
          else if (!life.diesAt('answered')) finish();
        };
        const fail = (kind: HttpFault['kind'], reached: HttpFault['reachedServer'], as: LineEvent) =>
          settle(() => {
            tell(as, request);
            reject(new HttpFault(kind, reached, as));
          });
        const isUp = line.state === 'up';
        // A connection that was open already swallows the request; a new one cannot be made.
        const neverSent = !isUp && (line.state === 'refused' || chance.happens(0.5));
        const cancelTimeout = time.after(neverSent ? CONNECT_MS : HEADERS_MS, () => {
          if (neverSent) fail('connect', 'no', 'connect_timeout');
          else fail('timeout', 'maybe', 'timeout');
        });
        const { signal } = options;
        if (signal?.aborted) fail('aborted', 'no', 'aborted');
        signal?.addEventListener('abort', () => fail('aborted', neverSent ? 'no' : 'maybe', 'aborted'), {
          once: true,
        });
        if (line.state === 'refused') time.after(1, () => fail('connect', 'no', 'refused'));
        if (!isUp || isSettled) return;

        const arrive = (isFirst: boolean) => {
          if (lost(network.lostThere)) {
            tell('lost_there', request);
            if (isFirst && chance.happens(0.3)) fail('reset', 'maybe', 'reset');
            return;
          }
          const answered = wallets.handle(sandboxRequest(request));
          if (isFirst) life.diesAt('arrived');
          void answered.then((reply) => {
            if (!isFirst) return;
            time.after(travelMs(request), () => comeBack(reply));
          });
        };
        const comeBack = (reply: SandboxReply) => {
          if (reply.kind === 'silence') return;
          if (line.state !== 'up' || lost(network.lostBack)) {
            tell('lost_back', request);
            if (chance.happens(0.3)) fail('reset', 'maybe', 'reset');
            return;
          }
          if (reply.kind === 'reset' || reply.cutAtByte !== undefined) fail('reset', 'maybe', 'reset');
          else settle(() => resolve(received(reply)));
        };
        time.after(travelMs(request), () => arrive(true));
        if (lost(network.twice)) {
          tell('twice', request);
          time.after(travelMs(request), () => arrive(false));
        }
      });
    },
    async close() {},
  };
}

function forever(): Promise<never> {
  return new Promise(() => {});
}

/** The number that a request is about, of those that tills make. */
function dialogueIn({ path, body = '' }: HttpRequest): string | null {
  const words = `${path} ${body}`;
  const refundNo = /(?:domestic\/refunds\/|out_(?:request|refund)_no(?:%22%3A%22|":"))(\w+)/.exec(words)?.[1];
  const tradeNo = /(?:out-trade-no\/|out_trade_no(?:%22%3A%22|":"))([0-9A-Z]{26})/.exec(words)?.[1];
  return refundNo ?? tradeNo ?? null;
}

function sandboxRequest(request: HttpRequest): SandboxRequest {
  const headers: Record<string, string> = { host: '127.0.0.1' };
  for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = value;
  return {
    method: request.method,
    path: request.path,
    headers,
    body: Buffer.from(request.body ?? '', 'utf8'),
  };
}

function received(reply: Extract<SandboxReply, { kind: 'answer' }>): HttpAnswer {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(reply.headers)) headers[name.toLowerCase()] = value;
  return { status: reply.status, headers, body: reply.body };
}
