import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '@orpc/server';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CallContext } from '../../backend/access.ts';
import { type RunningBackend, runBackend } from '../../backend/run.ts';
import type { TillEvent } from '../../contract/events.ts';
import type { Charge } from '../../contract/order.ts';
import type { RelayStatus } from '../../contract/relay.ts';
import { systemClock } from '../../ports/clock.ts';
import { undiciHttpClient } from '../../ports/http-undici.ts';
import { silentLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { listen } from '../../ports/service.ts';
import { readSettings } from '../../ports/settings.ts';
import { wsSocket } from '../../ports/socket-ws.ts';
import { systemEndOfTurn } from '../../ports/turn.ts';
import { startTestRelay } from '../../relay/test-relay.ts';
import { ADMIN_TOKEN } from '../../relay/test-till.ts';
import { createSandbox } from '../../sandbox/sandbox.ts';
import { closeServer, createSandboxServer } from '../../sandbox/server.ts';

const WINDOW: { context: CallContext } = { context: { caller: 'window' } };
const CHANNELS = ['alipay', 'wechat'] as const;

/** Wallets behind a real socket, which post their notifications for real. */
async function wallets() {
  const clock = systemClock();
  const log = silentLog();
  const http = undiciHttpClient();
  const sandbox = await createSandbox({
    clock,
    log,
    http,
    random: systemRandom(),
    publicOrigin: 'http://127.0.0.1',
  });
  const server = createSandboxServer(sandbox, { clock, log });
  const origin = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    await closeServer(server);
    await sandbox.stop();
    await http.close();
  });
  const post = (path: string, body: object) =>
    fetch(`${origin}${path}`, { method: 'POST', body: JSON.stringify(body) });
  return { origin, sandbox, post };
}

/** A till, a relay and both wallets, each behind real sockets; the till is enrolled. */
async function shop() {
  const wallet = await wallets();
  const relay = await startTestRelay();
  onTestFinished(() => relay.stop());
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-till-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  let running: RunningBackend | null = null;
  onTestFinished(() => running?.stop());

  async function start(): Promise<RunningBackend> {
    const argv = ['--data', dir, '--sandbox', wallet.origin, '--relay', relay.origin];
    const settings = readSettings('backend', argv, {});
    if (settings === 'help') throw new Error('help');
    running = await runBackend(settings, {
      clock: systemClock(),
      random: systemRandom(),
      endOfTurn: systemEndOfTurn,
      log: silentLog(),
      newHttpClient: () => undiciHttpClient(),
      openSocket: wsSocket(systemClock()),
      version: '0.0.0',
      merchant: null,
    });
    return running;
  }
  const api = () => {
    if (!running) throw new Error('not running');
    return running.backend.api;
  };
  const status = (): Promise<RelayStatus> => call(api().relay.status, undefined, WINDOW);

  /** Does `work`, and resolves with the first event since then that fits. */
  async function eventAfter(work: () => unknown, fits: (event: TillEvent) => boolean): Promise<TillEvent> {
    const stream = await call(api().events, {}, WINDOW);
    try {
      await stream.next();
      await work();
      for (;;) {
        const { value, done } = await stream.next();
        if (done) throw new Error('the events ended');
        if (fits(value)) return value;
      }
    } finally {
      await stream.return?.();
    }
  }

  async function operator(path: string): Promise<Record<string, string>> {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const answer = await fetch(`${relay.origin}/admin/tills/${path}`, { method: 'POST', headers });
    return answer.status === 204 ? {} : ((await answer.json()) as Record<string, string>);
  }

  await start();
  const { till } = await status();
  const { code = '' } = await operator(`${till}/code`);
  await eventAfter(() => call(api().relay.enrol, { code }, WINDOW), pushIs(true));

  return {
    wallet,
    relay,
    dir,
    till,
    api,
    status,
    eventAfter,
    operator,
    charge: (): Promise<Charge> => call(api().charges.create, { amountFen: 1250, subject: '拿铁' }, WINDOW),
    stop: async () => await running?.stop(),
    start,
  };
}

function pushIs(ok: boolean): (event: TillEvent) => boolean {
  return (event) => event.type === 'status' && event.status.push.ok === ok;
}

/** No wallet answers a query: what is seen to be paid was pushed. */
async function silenceQueries(wallet: Awaited<ReturnType<typeof wallets>>): Promise<void> {
  for (const channel of CHANNELS) {
    const answer = await wallet.post('/faults', {
      on: { channel, operation: 'query' },
      fault: { kind: 'drop_before', holdMs: 600_000 },
      times: 1_000,
    });
    expect(answer.status).toBeLessThan(300);
  }
}

function codeOf(charge: Charge, channel: (typeof CHANNELS)[number]): string {
  return charge.trades.find((each) => each.channel === channel)?.codeUrl ?? '';
}

describe('a till with its relay and both wallets', { timeout: 60_000 }, () => {
  test.each(CHANNELS)(
    'a payment by %s is pushed through to the event, with no query answered',
    async (by) => {
      const { wallet, charge, eventAfter, api } = await shop();
      const charged = await charge();
      await silenceQueries(wallet);
      const event = await eventAfter(
        () => wallet.post('/phone/pay', { code: codeOf(charged, by) }),
        ({ type }) => type === 'order.paid',
      );
      if (event.type !== 'order.paid') throw new Error(event.type);
      const paid = event.order.charge?.trades.find(({ state }) => state === 'paid');
      expect(paid).toMatchObject({ channel: by, late: false, incident: null });
      const { timeline } = await call(api().trades.get, { tradeNo: paid?.tradeNo ?? '' }, WINDOW);
      expect(JSON.stringify(timeline)).toContain('notification');
    },
  );

  test('a test notification goes through, and the key is this account’s alone', async () => {
    const { api, dir, status } = await shop();
    expect(await call(api().relay.test, undefined, WINDOW)).toMatchObject({ ok: true, failedHop: null });
    expect(statSync(join(dir, 'relay.key')).mode & 0o777).toBe(0o600);
    expect((await status()).lastDeliveryAt).not.toBeNull();
  });

  test('what came while the till was switched off is delivered when it is back, and acknowledged', async () => {
    const { wallet, charge, stop, start, relay, till } = await shop();
    const charged = await charge();
    await stop();
    await wallet.post('/phone/pay', { code: codeOf(charged, 'wechat') });
    const backlog = async () => (await relay.mailbox.backlog(till)).waiting;
    await expect.poll(backlog).toBe(1);
    await start();
    await expect.poll(backlog, { timeout: 20_000 }).toBe(0);
    expect(await relay.mailbox.deadLetters(till, 10)).toEqual([]);
  });

  test('after the relay was restarted the till is back by itself', async () => {
    const { relay, eventAfter, api } = await shop();
    await eventAfter(() => relay.restart(), pushIs(true));
    expect(await call(api().relay.test, undefined, WINDOW)).toMatchObject({ ok: true });
  });

  test('a till that its operator has revoked says so, and can be enrolled anew', async () => {
    const { operator, till, eventAfter, api, status } = await shop();
    await eventAfter(() => operator(`${till}/revoke`), pushIs(false));
    expect((await status()).push.reason).toBe('revoked');
    const { code = '' } = await operator(`${till}/code`);
    await eventAfter(() => call(api().relay.enrol, { code }, WINDOW), pushIs(true));
    await expect(call(api().relay.enrol, { code }, WINDOW)).rejects.toMatchObject({ code: 'relay_refused' });
  });

  test('a wrong code leaves the till connected as it was', async () => {
    const { api, status } = await shop();
    await expect(call(api().relay.enrol, { code: 'WRONG' }, WINDOW)).rejects.toMatchObject({
      code: 'relay_refused',
    });
    await expect.poll(async () => (await status()).push.ok).toBe(true);
  });

  test('a forgery at the notify address is parked at the relay and changes nothing', async () => {
    const { relay, till, charge, api, status } = await shop();
    const charged = await charge();
    const body = new URLSearchParams({
      out_trade_no: charged.trades[0]?.tradeNo ?? '',
      trade_status: 'TRADE_SUCCESS',
      total_amount: '12.50',
      sign_type: 'RSA2',
      sign: 'AAAA',
    });
    await fetch(`${relay.origin}/notify/${till}/alipay`, { method: 'POST', body });
    await expect.poll(async () => (await status()).rejected).toBe(1);
    await expect
      .poll(async () => (await relay.mailbox.deadLetters(till, 10)).map(({ reason }) => reason))
      .toEqual(['not_genuine']);
    const [live] = await call(api().charges.live, undefined, WINDOW);
    expect(live?.state).toBe('waiting');
  });
});
