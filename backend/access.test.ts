import { MessageChannel } from 'node:worker_threads';
import { createORPCClient, ORPCError } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import type { ContractRouterClient } from '@orpc/contract';
import { OpenAPILink } from '@orpc/openapi-client/fetch';
import { type AnyProcedure, call, isProcedure } from '@orpc/server';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ERRORS } from '../contract/errors.ts';
import { type Contract, contract } from '../contract/index.ts';
import type { PersonRole } from '../contract/people.ts';
import { systemClock } from '../ports/clock.ts';
import { httpTill } from '../test/fakes/http-till.ts';
import { codeOf, NAMES, PINS, staffed } from '../test/fakes/staff.ts';
import { API_KEY, type TestTill, testTill } from '../test/fakes/till.ts';
import type { CallContext } from './access.ts';
import { RIGHTS_TABLE, STANDINGS, type Standing } from './domain/rights.ts';

const PEOPLE = 'owner manager cashier';
const ALL = `${PEOPLE} integrator`;

/** Each procedure with an input that it takes and who may call it: said here a second time, on purpose. */
const EXPECTED: Record<string, { input?: object; may: string }> = {
  'till.get': { may: `${ALL} locked nobody` },
  'till.status': { may: `${ALL} locked nobody` },
  'till.today': { may: `${ALL} locked` },
  'orders.create': { input: { orderNo: 'A1', amountFen: 1, subject: 'x' }, may: ALL },
  'orders.list': { input: {}, may: `${ALL} locked` },
  'orders.get': { input: { orderNo: 'A1' }, may: `${ALL} locked` },
  'orders.cancel': { input: { orderNo: 'A1' }, may: ALL },
  'orders.incidentFile': { input: { orderNo: 'A1', format: 'json' }, may: 'owner manager integrator' },
  'charges.create': { input: { orderNo: 'A2' }, may: ALL },
  'charges.cancel': { input: { chargeId: 'none' }, may: ALL },
  'charges.check': { input: { chargeId: 'none' }, may: ALL },
  'charges.live': { may: `${ALL} locked` },
  'trades.list': { input: {}, may: `${ALL} locked` },
  'trades.cashiers': { may: `${ALL} locked` },
  'trades.get': { input: { tradeNo: '1'.repeat(24) }, may: `${ALL} locked` },
  'refunds.create': { input: { tradeNo: 'T00001', amountFen: 1, reason: '退货' }, may: ALL },
  'refunds.list': { input: {}, may: `${ALL} locked` },
  'refunds.get': { input: { refundNo: 'R00001' }, may: `${ALL} locked` },
  'refunds.withdraw': { input: { refundNo: 'R00001' }, may: ALL },
  'refunds.check': { input: { refundNo: 'R00001' }, may: `${ALL} locked` },
  'refunds.giveBack': { input: { tradeNo: 'T00001' }, may: ALL },
  'refunds.keep': { input: { tradeNo: 'T00001', reason: 'because' }, may: ALL },
  'outbox.list': { input: {}, may: `${ALL} locked` },
  'outbox.retry': { input: { entryId: 1 }, may: ALL },
  'outbox.setAside': { input: { entryId: 1, reason: 'because' }, may: ALL },
  'relay.status': { may: `${ALL} locked` },
  'relay.enrol': { input: { code: 'x' }, may: 'owner manager integrator' },
  'relay.test': { may: 'owner manager integrator' },
  'shifts.current': { may: PEOPLE },
  'shifts.list': { input: {}, may: PEOPLE },
  'shifts.open': { may: PEOPLE },
  'shifts.close': { input: {}, may: PEOPLE },
  'shifts.handOver': { input: {}, may: PEOPLE },
  'shifts.csv': { input: { shiftId: 1 }, may: PEOPLE },
  'bills.list': { input: {}, may: 'owner manager' },
  'bills.get': { input: { billId: 1 }, may: 'owner manager' },
  'bills.fetch': { input: { channel: 'alipay', day: '2026-11-20' }, may: 'owner manager' },
  'bills.drop': { input: { channel: 'alipay', day: '2026-11-20', fileName: 'x' }, may: 'owner manager' },
  'bills.piece': { input: { billId: 1, position: 0, base64: '', isLast: true }, may: 'owner manager' },
  'bills.lines': { input: { billId: 1 }, may: 'owner manager' },
  'bills.ask': { input: { billId: 1 }, may: 'owner manager' },
  'bills.resolve': { input: { billId: 1, line: 1, reason: 'because' }, may: 'owner manager' },
  'bills.resolveLines': { input: { billId: 1, lines: [1], reason: 'because' }, may: 'owner manager' },
  'bills.stop': { input: { billId: 1 }, may: 'owner manager' },
  'bills.csv': { input: { billId: 1 }, may: 'owner manager' },
  'reports.takings': { input: {}, may: 'owner manager integrator' },
  'reports.csv': { input: {}, may: 'owner manager integrator' },
  'auth.login': { input: { operator: 'x', pin: '0000' }, may: `${PEOPLE} locked nobody stranger` },
  'auth.refresh': { input: { refreshToken: 'none' }, may: `${PEOPLE} locked nobody stranger` },
  'auth.session': { may: `${ALL} locked nobody` },
  'auth.names': { may: `${PEOPLE} locked nobody` },
  'auth.present': { may: `${PEOPLE} locked nobody stranger` },
  'auth.unlock': { input: { pin: '0000' }, may: `${PEOPLE} locked nobody stranger` },
  'people.list': { may: 'owner manager' },
  'people.setUpOwner': { input: { name: 'x', pin: '903751' }, may: 'owner manager' },
  'people.add': { input: { name: 'x', role: 'cashier', pin: '0000' }, may: 'owner manager' },
  'people.change': { input: { personId: 'none', reason: 'x' }, may: 'owner manager' },
  'people.resetPin': { input: { personId: 'none', pin: '0000', reason: 'x' }, may: 'owner manager' },
  'people.disable': { input: { personId: 'none', reason: 'x' }, may: 'owner manager' },
  'people.changePin': { input: { pin: '0000', newPin: '0000' }, may: PEOPLE },
  'policy.get': { may: `${ALL} locked` },
  'policy.set': {
    input: { lockAfterMinutes: 1, refundApprovalAboveFen: 1, reason: 'x' },
    may: 'owner manager integrator',
  },
  // Last: they change how the caller stands.
  'auth.lock': { may: `${PEOPLE} locked nobody stranger` },
  'auth.logout': { may: `${PEOPLE} locked nobody stranger` },
  events: { may: `${ALL} locked` },
};

/** What a caller hears who may not. */
const REFUSALS: Record<Standing, string> = {
  owner: 'not_allowed',
  manager: 'not_allowed',
  cashier: 'not_allowed',
  integrator: 'not_allowed',
  locked: 'screen_locked',
  nobody: 'sign_in_needed',
  stranger: 'unauthorized',
};

function procedures(router: object, path: string[] = []): [string, AnyProcedure][] {
  return Object.entries(router).flatMap(([name, each]): [string, AnyProcedure][] => {
    const here = [...path, name];
    return isProcedure(each) ? [[here.join('.'), each]] : procedures(each as object, here);
  });
}

/** A window's port is in the till's own hands: no machine and no stranger can have one. */
const AT_A_PORT: readonly Standing[] = ['owner', 'manager', 'cashier', 'locked', 'nobody'];
/** All that whoever has neither key nor cookie nor token can reach. */
const KNOCKING = ['auth.login', 'auth.refresh', 'auth.logout'];

describe('who may call what', () => {
  test('every procedure is known here, and names a right of the table', () => {
    const found = procedures(testTill().backend.api);
    expect(found.map(([name]) => name).sort()).toEqual(Object.keys(EXPECTED).sort());
    for (const [name, procedure] of found)
      expect([name, procedure['~orpc'].meta.needs in RIGHTS_TABLE]).toEqual([name, true]);
  });

  /** In the order of the table; whatever changes how the caller stands is followed by a fresh start. */
  async function walk(standing: Standing, enter: () => Promise<Client>, isReached = (_name: string) => true) {
    const wrong: string[] = [];
    let client = await enter();
    for (const [name, { input, may }] of Object.entries(EXPECTED)) {
      const code = await codeOf(ask(client, name, input));
      if (name.startsWith('auth.')) client = await enter();
      const isDue = may.split(' ').includes(standing) && isReached(name);
      const isAnswer = code === 'done' || code in ERRORS;
      if (!isAnswer || (code === REFUSALS[standing]) === isDue) wrong.push(`${name}: ${code}`);
    }
    return wrong;
  }

  test.each(AT_A_PORT)('%s at a window’s port gets through to what the table allows', async (standing) => {
    const till = testTill({ clock: systemClock() as never });
    till.backend.start();
    onTestFinished(() => till.backend.stop());
    await staffed(till.backend);
    const wrong = await walk(standing, async () => {
      const client = portClient(till);
      if (standing === 'nobody') return client;
      const role = standing === 'locked' ? 'cashier' : (standing as PersonRole);
      await client.auth.login({ operator: NAMES[role], pin: PINS[role] });
      if (standing === 'locked') await client.auth.lock();
      return client;
    });
    expect(wrong).toEqual([]);
  });

  test.each(STANDINGS)('%s over HTTP gets through to what the table allows', async (standing) => {
    const till = await httpTill({ clock: systemClock() as never });
    await staffed(till.backend);
    const wrong = await walk(
      standing,
      async () => {
        const headers: Record<string, string> = {};
        const client = httpClient(till.port, headers);
        if (standing === 'integrator') headers.authorization = `Bearer ${API_KEY}`;
        else if (standing === 'nobody' || standing === 'locked') headers.cookie = await till.openWindow();
        else headers['mianfu-device'] = 'a-device-of-the-office-0001';
        if (standing === 'integrator' || standing === 'nobody' || standing === 'stranger') return client;
        const role = standing === 'locked' ? 'cashier' : standing;
        const { accessToken } = await client.auth.login({ operator: NAMES[role], pin: PINS[role] });
        headers.authorization = `Bearer ${accessToken}`;
        if (standing === 'locked') await client.auth.lock();
        return client;
      },
      (name) => standing !== 'stranger' || KNOCKING.includes(name),
    );
    expect(wrong).toEqual([]);
  });

  test('a till without people is open to its window, and to no stranger', async () => {
    const till = testTill({ clock: systemClock() as never });
    till.backend.start();
    onTestFinished(() => till.backend.stop());
    const window: CallContext = { caller: 'window' };
    const { api } = till.backend;
    expect(
      await codeOf(call(api.outbox.setAside, { entryId: 1, reason: 'because' }, { context: window })),
    ).toBe('entry_not_found');
    expect(await call(api.auth.session, undefined, { context: window })).toMatchObject({
      hasPeople: false,
      person: null,
    });
    expect(await codeOf(call(api.till.get, undefined, { context: { caller: 'stranger' } }))).toBe(
      'unauthorized',
    );
  });

  test('each right is somebody’s, and has a reason', () => {
    for (const { may, why } of Object.values(RIGHTS_TABLE)) {
      expect(STANDINGS.some((standing) => may[standing])).toBe(true);
      expect(why.length).toBeGreaterThan(10);
    }
  });
});

type Client = ContractRouterClient<Contract>;

/** As the desktop's window reaches the backend. */
function portClient({ backend }: TestTill): Client {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  backend.servePort(port2 as never);
  port2.start();
  port1.start();
  return createORPCClient(new RPCLink({ port: port1 as never }));
}

/** As a browser or another system reaches it; `headers` are looked at anew for each call. */
function httpClient(port: number, headers: Record<string, string>): Client {
  const link = new OpenAPILink(contract, {
    url: `http://127.0.0.1:${port}/api/v1`,
    headers: () => headers,
    // oRPC reads JSON by its plain name only.
    async fetch(request, init) {
      const answer = await fetch(request, init);
      if (!answer.headers.get('content-type')?.startsWith('application/problem+json')) return answer;
      return new Response(answer.body, {
        status: answer.status,
        headers: { 'content-type': 'application/json' },
      });
    },
    customErrorResponseBodyDecoder: (body) => new ORPCError((body as { code: string }).code),
  });
  return createORPCClient(link);
}

/** A stream that opens was let in; nobody reads it. */
async function ask(client: Client, name: string, input: unknown): Promise<void> {
  let target: unknown = client;
  for (const part of name.split('.')) target = (target as Record<string, unknown>)[part];
  const answer = await (target as (input: unknown) => Promise<unknown>)(input);
  const stream = answer as { return?: () => Promise<unknown> } | undefined;
  if (typeof stream?.return === 'function') await stream.return();
}
