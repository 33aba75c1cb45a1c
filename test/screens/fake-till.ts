import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { CONTENT_SECURITY_POLICY } from '../../backend/http/content-policy.ts';
import type { Bill } from '../../contract/bill.ts';
import { ERRORS, type ErrorCode } from '../../contract/errors.ts';
import type { Charge, Order } from '../../contract/order.ts';
import type { OutboxEntry } from '../../contract/outbox.ts';
import type { SignedIn } from '../../contract/people.ts';
import type { Refund } from '../../contract/refund.ts';
import type { RelayStatus, RelayTest } from '../../contract/relay.ts';
import type { Report } from '../../contract/report.ts';
import type { Shift } from '../../contract/shift.ts';
import type { Till, TillStatus } from '../../contract/till.ts';
import type { TimelineEntry, Trade } from '../../contract/trade.ts';
import { listen } from '../../ports/service.ts';
import * as sample from './sample.ts';
import * as takings from './sample-report.ts';

/** What a scene's backend answers. */
export interface Script {
  till?: Partial<Till>;
  status?: Partial<TillStatus>;
  today?: typeof sample.today;
  recent?: Order[];
  live?: Order[];
  toCollect?: Order[];
  /** The charge that every order gets; `hang` never answers. */
  charge?: Charge | 'hang' | ErrorCode;
  /** What a cancelled charge looks like. */
  cancelled?: Charge;
  isLetIn?: boolean;
  /** Who is signed in; absent, a till without people. */
  session?: SignedIn;
  /** People there are, and nobody is signed in. */
  isSignedOut?: boolean;
  /** How a PIN is answered; absent, it is right. */
  refusedPin?: ErrorCode;
  /** What waits for a person; `status.outbox` counts it. */
  parked?: OutboxEntry[];
  /** How an answer by hand ends; absent, it is taken. */
  byHand?: ErrorCode;
  bills?: Bill[];
  shifts?: Shift[];
  report?: Report;
  relay?: Partial<RelayStatus>;
  /** How enrolling ends; absent, the till is enrolled and connected. */
  enrols?: ErrorCode;
  /** What a test through the relay finds; `hang` never ends. */
  relayTest?: RelayTest | 'hang';
  /** How asking for an incident file ends; absent, it comes. */
  incidentFile?: ErrorCode;
  /** The one trade that opens, and its history. */
  opened?: { trade: Trade; timeline: TimelineEntry[] };
  /** What a search of the trades finds; absent: all there are. */
  found?: Trade[];
  /** Its refunds. */
  refunds?: Refund[];
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/**
 * The built screens over HTTP with a backend that plays one scene, in the real wire's shape. `cutStreams`
 * ends the line as a crash would; `orders` counts what was asked for.
 */
export async function startFakeTill(ui: string) {
  let script: Script = {};
  let isDown = false;
  let isSignedOut = false;
  const orders = new Map<string, Order>();
  const streams = new Set<ServerResponse>();
  const resumedFrom: (string | undefined)[] = [];
  const asked: { path: string; body: unknown }[] = [];

  async function api(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const body: unknown = request.method === 'POST' ? JSON.parse((await text(request)) || '{}') : {};
    asked.push({ path, body });
    if (script.isLetIn === false) return problem(response, 'unauthorized');
    if (isSignedOut && path !== '/till' && !path.startsWith('/auth/'))
      return problem(response, 'sign_in_needed');
    const known = [...(script.recent ?? sample.recent), ...(script.live ?? [])];
    const [, orderNo = ''] = /^\/orders\/([^/]+)/.exec(path) ?? [];
    if (path === '/till') return json(response, { ...sample.till, ...script.till });
    if (path === '/status') return json(response, statusNow());
    if (path === '/auth/names') return json(response, names(request.url ?? ''));
    if (path === '/people' && request.method === 'GET') return json(response, sample.people);
    if (path === '/policy') return json(response, { lockAfterMinutes: 5, refundApprovalAboveFen: 20_000 });
    if (path.startsWith('/auth/') && script.refusedPin) return problem(response, script.refusedPin);
    if (path.startsWith('/auth/')) return json(response, sessionNow(path));
    if (path === '/today') return json(response, script.today ?? sample.today);
    if (path === '/charges/live')
      return json(
        response,
        (script.live ?? []).map((each) => each.charge),
      );
    if (path === '/trades/cashiers') return json(response, takings.cashiers);
    if (path === '/reports/takings') return json(response, script.report ?? takings.today);
    if (path === '/trades' && script.found) return json(response, { items: script.found, nextCursor: null });
    if (path === '/trades')
      return json(response, { items: trades(known, request.url ?? ''), nextCursor: null });
    if (/\/(give-back|keep)$/.test(path)) return byHand(response, path);
    if (path.startsWith('/trades/')) {
      const [first] = known;
      const paid = sample.paid('alipay');
      return json(response, {
        ...(script.opened ?? { trade: paid, timeline: sample.timeline }),
        order: first,
        refunds: script.refunds ?? [],
      });
    }
    if (path === '/outbox') return json(response, { items: script.parked ?? [], nextCursor: null });
    if (path.startsWith('/outbox/')) return byHand(response, path);
    if (path === '/shifts')
      return json(response, { items: script.shifts ?? sample.shifts, nextCursor: null });
    if (path.startsWith('/bills')) return json(response, bills(path));
    if (path.startsWith('/relay')) return relay(response, path);
    if (path.endsWith('/incident-file')) return incidentFile(response, request.url ?? '');
    if (path === '/orders') {
      const url = new URL(request.url ?? '', 'http://till');
      const isToCollect = url.searchParams.get('source') === 'integrator';
      return json(response, { items: isToCollect ? (script.toCollect ?? []) : known, nextCursor: null });
    }
    if (path === '/charges') return createCharge(response, body as { orderNo: string; amountFen: number });
    if (path.endsWith('/cancel') && orderNo !== '') {
      const order = orders.get(orderNo);
      const amountFen = order?.amountFen ?? 1_250;
      return json(response, {
        ...sample.order(orderNo, amountFen, -8, script.cancelled ?? null),
        state: 'cancelled',
      });
    }
    const order = orders.get(orderNo) ?? known.find((each) => each.orderNo === orderNo);
    if (orderNo !== '' && order) return json(response, order);
    problem(response, orderNo === '' ? 'not_found' : 'order_not_found');
  }

  /** Everybody is let in and out as they ask; the tokens are nobody's. */
  function sessionNow(path: string): object {
    if (path === '/auth/login') isSignedOut = false;
    if (path === '/auth/logout') isSignedOut = true;
    if (path === '/auth/lock' || path === '/auth/unlock')
      script = { ...script, session: { ...sample.signedIn, isLocked: path === '/auth/lock' } };
    const session = path === '/auth/login' ? sample.signedIn : (script.session ?? sample.nobody);
    return { ...session, accessToken: null, accessUntil: null, refreshToken: null };
  }

  function statusNow(): TillStatus {
    const { status, parked = [] } = script;
    const refundsDue = parked.filter((entry) => entry.kind === 'give_back').length;
    const outbox = { ...sample.status.outbox, parked: parked.length - refundsDue, refundsDue };
    return { ...sample.status, outbox, ...status };
  }

  /** Takes an entry out of the list and tells everybody; or refuses as the script says. */
  function byHand(response: ServerResponse, path: string): void {
    const entry = script.parked?.find(
      ({ entryId, tradeNo }) =>
        path.startsWith(`/outbox/${entryId}/`) || path.startsWith(`/trades/${tradeNo}/`),
    );
    if (script.byHand) problem(response, script.byHand);
    else if (entry === undefined) problem(response, 'entry_not_found');
    else {
      script = { ...script, parked: script.parked?.filter((each) => each !== entry) ?? [] };
      json(response, {
        ...entry,
        state: path.endsWith('/retry') ? 'due' : 'set_aside',
        why: null,
        canRetry: false,
      });
      tell({ type: 'status', at: sample.NOW, status: statusNow() });
    }
  }

  function bills(path: string): object {
    if (path.endsWith('/10/lines')) return { items: sample.manyLines, nextCursor: '50' };
    if (path.endsWith('/lines')) return { items: sample.billLines, nextCursor: null };
    return { items: script.bills ?? sample.bills, nextCursor: null };
  }

  /** As far as a scene narrows them. */
  function trades(known: readonly Order[], url: string): Trade[] {
    const { searchParams } = new URL(url, 'http://till');
    const channel = searchParams.get('channel');
    const least = Number(searchParams.get('amountFromFen') ?? 0);
    return known
      .flatMap((each) => each.charge?.trades ?? [])
      .filter((each) => (channel === null || each.channel === channel) && each.amountFen >= least);
  }

  function names(url: string): string[] {
    const may = new URL(url, 'http://till').searchParams.get('may');
    return sample.people
      .filter(({ role, disabledAt }) => disabledAt === null && !(may === 'approve' && role === 'cashier'))
      .map(({ name }) => name);
  }

  function incidentFile(response: ServerResponse, url: string): void {
    if (script.incidentFile) {
      problem(response, script.incidentFile);
      return;
    }
    const { searchParams } = new URL(url, 'http://till');
    const format = searchParams.get('format');
    response.writeHead(200, {
      'content-type': format === 'json' ? 'application/json' : 'text/html;charset=utf-8',
      'content-disposition': `attachment; filename="incident.${format}"`,
    });
    response.end(`${format} ${searchParams.get('lang')}`);
  }

  function relay(response: ServerResponse, path: string): void {
    if (path === '/relay/test') {
      const { relayTest = sample.relayTest } = script;
      if (relayTest !== 'hang') json(response, relayTest);
      return;
    }
    if (path === '/relay/enrol') {
      if (script.enrols) {
        problem(response, script.enrols);
        return;
      }
      script = { ...script, status: { ...script.status, push: sample.status.push }, relay: {} };
      tell({ type: 'status', at: sample.NOW, status: statusNow() });
    }
    json(response, { ...sample.relay, push: statusNow().push, ...script.relay });
  }

  function tell(event: object, id?: number): void {
    const data = `${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(event)}\n\n`;
    for (const each of streams) each.write(`event: message\n${data}`);
  }

  function createCharge(response: ServerResponse, input: { orderNo: string; amountFen?: number }): void {
    const { charge } = script;
    if (charge === 'hang') return;
    if (typeof charge === 'string') {
      problem(response, charge);
      return;
    }
    const order = sample.order(input.orderNo, input.amountFen ?? 1_250, -8, charge ?? null);
    orders.set(order.orderNo, order);
    json(response, order.charge);
  }

  function stream(response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    const ready = { type: 'ready', at: sample.NOW, status: statusNow() };
    response.write(`event: message\nid: 1\ndata: ${JSON.stringify(ready)}\n\n`);
    streams.add(response);
    response.on('close', () => streams.delete(response));
  }

  async function file(response: ServerResponse, path: string): Promise<void> {
    const name = path === '/' ? 'index.html' : path;
    const content = await readFile(join(ui, name)).catch(() => null);
    if (content === null) return void response.writeHead(404).end();
    response.writeHead(200, {
      'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream',
      'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    });
    response.end(content);
  }

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://till');
    if (isDown) request.socket.destroy();
    else if (pathname === '/api/v1/events' && script.isLetIn !== false && !isSignedOut) {
      resumedFrom.push(request.headers['last-event-id']?.toString());
      stream(response);
    } else if (pathname.startsWith('/api/v1')) void api(request, response, pathname.slice('/api/v1'.length));
    else void file(response, pathname);
  });
  const origin = await listen(server, { host: '127.0.0.1', port: 0 });
  return {
    origin,
    asked,
    /** The last event id of each stream that was opened. */
    resumedFrom,
    play(next: Script): void {
      script = next;
      isDown = false;
      isSignedOut = next.isSignedOut ?? false;
      orders.clear();
      asked.length = 0;
    },
    /** The backend is gone, as after a crash. */
    goDown(): void {
      isDown = true;
      for (const each of streams) each.destroy();
    },
    comeBack(): void {
      isDown = false;
    },
    tell,
    /** How an answer by hand ends from now on. */
    answerByHand(code: ErrorCode | undefined): void {
      const { byHand: _, ...rest } = script;
      script = code === undefined ? rest : { ...rest, byHand: code };
    },
    close(): Promise<void> {
      for (const each of streams) each.destroy();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

export type FakeTill = Awaited<ReturnType<typeof startFakeTill>>;

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function problem(response: ServerResponse, code: ErrorCode): void {
  const { status, title } = ERRORS[code];
  response.writeHead(status, { 'Content-Type': 'application/problem+json' });
  response.end(JSON.stringify({ type: `https://mianfu.invalid/problems/${code}`, title, status, code }));
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
