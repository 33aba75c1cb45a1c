import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '@orpc/server';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CallContext } from '../../backend/access.ts';
import type { EnrolInput } from '../../contract/relay.ts';
import { type HttpAnswer, HttpFault, type HttpRequest } from '../../ports/http.ts';
import { windowOf } from '../../test/fakes/client.ts';
import { memoryKeys, relayNowhere } from '../../test/fakes/relay.ts';
import { relayedWorld } from '../../test/fakes/relayed-world.ts';
import { EPOCH, RELAY_NAME, ScriptedRelay } from '../../test/fakes/scripted-relay.ts';
import { testTill } from '../../test/fakes/till.ts';
import { paidNotification } from '../../test/fakes/wallet-notifications.ts';
import { tradesOf } from '../../test/fakes/world.ts';
import { EnrolRequest, verifyEnrol } from '../../wire/relay.ts';
import { openMemoryDatabase } from '../store/database.ts';
import { keyFile, publicKeyOf } from './keys.ts';

const WINDOW: { context: CallContext } = { context: { caller: 'window' } };
const URL_GIVEN = 'https://relay.example';

/** A relay that enrols whoever brings the code, over an HTTP port. */
function enrolling(relay: ScriptedRelay) {
  const asked: HttpRequest[] = [];
  const made = {
    asked,
    /** What it answers instead of enrolling. */
    answer: null as HttpAnswer | HttpFault | null,
    change: {} as object,
    async send(request: HttpRequest): Promise<HttpAnswer> {
      asked.push(request);
      if (made.answer instanceof HttpFault) throw made.answer;
      if (made.answer) return made.answer;
      const enrol = EnrolRequest.parse(JSON.parse(request.body ?? ''));
      if (!verifyEnrol(enrol)) throw new Error('no proof');
      relay.enrol(enrol.publicKey);
      return json(200, {
        till: enrol.till,
        relay: RELAY_NAME,
        pushUrl: 'wss://relay.example/till',
        notifyUrl: `https://relay.example/notify/${enrol.till}/{channel}`,
        ...made.change,
      });
    },
    async close() {},
  };
  return made;
}

function json(status: number, body: unknown): HttpAnswer {
  return { status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
}

async function till(change: { url?: string; mode?: 'live' | 'sandbox' } = {}) {
  const relay = new ScriptedRelay();
  const http = enrolling(relay);
  const keys = memoryKeys();
  const ports = { url: change.url, openSocket: relay.openSocket, http, keys };
  const db = openMemoryDatabase();
  const made = testTill({ db, relay: ports, mode: change.mode ?? 'sandbox' });
  made.backend.start();
  const { api } = made.backend;
  return {
    ...made,
    relay,
    http,
    keys,
    window: windowOf(made.backend, made.clock),
    status: () => call(api.relay.status, undefined, WINDOW),
    async enrol(input: EnrolInput) {
      const answer = call(api.relay.enrol, input, WINDOW);
      answer.catch(() => {});
      await made.clock.advance(0);
      return await answer;
    },
    test: () => call(api.relay.test, undefined, WINDOW),
    /** Ends the process and starts another on the same folder. */
    async restarted(url?: string) {
      await made.backend.stop();
      const next = testTill({ db, relay: { ...ports, url }, clock: made.clock });
      next.backend.start();
      await made.clock.advance(0);
      return () => call(next.backend.api.relay.status, undefined, WINDOW);
    },
  };
}

describe('without a relay', () => {
  test('the till says that none is set, and tells the wallets of none', async () => {
    const { status, window, db } = await till();
    expect(await status()).toMatchObject({ push: { ok: false, reason: 'not_configured' }, url: null });
    await window.charge({ amountFen: 1 });
    expect(db.prepare('SELECT DISTINCT payload FROM outbox').pluck().all()).toEqual([null]);
  });

  test('the settings’ relay is shown with the name under which its operator invites', async () => {
    const { status, window, backend } = await till({ url: URL_GIVEN });
    const { tillId } = await call(backend.api.till.get, undefined, WINDOW);
    const shown = await status();
    expect(shown).toMatchObject({ push: { reason: 'not_enrolled' }, url: URL_GIVEN, till: tillId });
    expect((await window.status()).push).toEqual(shown.push);
  });

  test('a test notification is refused with what to do', async () => {
    const { test: send } = await till({ url: URL_GIVEN });
    await expect(send()).rejects.toMatchObject({ code: 'relay_not_enrolled' });
  });
});

describe('enrolment', () => {
  test('spends the code, connects, and has the wallets of new trades told', async () => {
    const { enrol, status, window, db, clock, relay } = await till();
    await enrol({ url: URL_GIVEN, code: 'ABCD-EFGH-JKLM' });
    await clock.advance(0);
    const shown = await status();
    expect(shown).toMatchObject({ push: { ok: true, reason: null }, url: URL_GIVEN, rejected: 0 });
    expect(relay.said('hello')).toMatchObject([{ till: shown.till }]);
    await window.charge({ amountFen: 1 });
    expect(db.prepare('SELECT payload FROM outbox ORDER BY queue').pluck().all()).toEqual([
      `https://relay.example/notify/${shown.till}/alipay`,
      `https://relay.example/notify/${shown.till}/wechat`,
    ]);
  });

  test('is told to open windows at once, as an ability of the till', async () => {
    const { enrol, backend, clock } = await till();
    const stream = await call(backend.api.events, {}, WINDOW);
    expect(await stream.next()).toMatchObject({ value: { status: { push: { ok: false } } } });
    await enrol({ url: URL_GIVEN, code: 'X' });
    await clock.advance(0);
    let last = await stream.next();
    while (!last.done && last.value.type === 'status' && !last.value.status.push.ok)
      last = await stream.next();
    expect(last).toMatchObject({ value: { type: 'status', status: { push: { ok: true } } } });
    await stream.return?.();
  });

  test('outlives a restart', async () => {
    const { enrol, restarted } = await till();
    await enrol({ url: URL_GIVEN, code: 'X' });
    const status = await restarted();
    expect((await status()).push.ok).toBe(true);
  });

  test('at one relay is none at another that the settings name', async () => {
    const { enrol, restarted } = await till();
    await enrol({ url: URL_GIVEN, code: 'X' });
    expect((await (await restarted('https://relay.example/'))()).push.ok).toBe(true);
    const { enrol: again, restarted: elsewhere } = await till();
    await again({ url: URL_GIVEN, code: 'X' });
    const status = await elsewhere('https://other.example');
    expect(await status()).toMatchObject({ push: { reason: 'not_enrolled' }, url: 'https://other.example' });
  });

  test('without its key is not enough, and says so', async () => {
    const { enrol, restarted, keys } = await till();
    await enrol({ url: URL_GIVEN, code: 'X' });
    keys.kept = null;
    const status = await restarted();
    expect((await status()).push.reason).toBe('key_missing');
  });

  test.each<[string, EnrolInput, object, string]>([
    ['no address', { code: 'X' }, {}, 'relay_url_missing'],
    [
      'an address that others can read along at',
      { url: 'http://relay.example', code: 'X' },
      {},
      'relay_url_unusable',
    ],
    [
      'an address with a question in it',
      { url: 'https://relay.example/?a=1', code: 'X' },
      {},
      'relay_url_unusable',
    ],
    ['a wrong code', { url: URL_GIVEN, code: 'X' }, { answer: json(403, {}) }, 'relay_refused'],
    [
      'nobody there',
      { url: URL_GIVEN, code: 'X' },
      { answer: new HttpFault('connect', 'no', '') },
      'relay_unreachable',
    ],
    ['a relay in trouble', { url: URL_GIVEN, code: 'X' }, { answer: json(503, {}) }, 'relay_unreachable'],
    ['a web site', { url: URL_GIVEN, code: 'X' }, { answer: json(200, '<html>') }, 'relay_odd'],
    ['a relay that is elsewhere', { url: URL_GIVEN, code: 'X' }, { answer: json(301, {}) }, 'relay_odd'],
    ['another till’s name', { url: URL_GIVEN, code: 'X' }, { change: { till: 'K7Q3' } }, 'relay_odd'],
    [
      'a push address in the open',
      { url: URL_GIVEN, code: 'X' },
      { change: { pushUrl: 'ws://relay.example/till' } },
      'relay_odd',
    ],
    [
      'a notify address without a channel',
      { url: URL_GIVEN, code: 'X' },
      { change: { notifyUrl: 'https://relay.example/n' } },
      'relay_odd',
    ],
    [
      'a notify address too long for wallets',
      { url: URL_GIVEN, code: 'X' },
      { change: { notifyUrl: `https://relay.example/${'n'.repeat(240)}/{channel}` } },
      'relay_odd',
    ],
    [
      'a notify address with a question',
      { url: URL_GIVEN, code: 'X' },
      { change: { notifyUrl: 'https://relay.example/{channel}?a' } },
      'relay_odd',
    ],
  ])('fails for %s, and leaves the till as it was', async (_, input, relayIs, code) => {
    const { enrol, status, http, window } = await till();
    Object.assign(http, relayIs);
    await expect(enrol(input)).rejects.toMatchObject({ code });
    expect((await status()).push.reason).toBe('not_configured');
    expect((await window.charge({ amountFen: 1 })).state).toBe('waiting');
  });

  test('of a live till needs an address that wallets can call', async () => {
    const { enrol, http } = await till({ mode: 'live' });
    http.change = { notifyUrl: 'http://127.0.0.1:1/notify/x/{channel}' };
    await expect(enrol({ url: 'http://127.0.0.1:1', code: 'X' })).rejects.toMatchObject({
      code: 'relay_odd',
    });
  });

  test('that fails leaves an earlier one at work', async () => {
    const { enrol, status, http, clock } = await till();
    await enrol({ url: URL_GIVEN, code: 'X' });
    await clock.advance(0);
    http.answer = json(403, {});
    await expect(enrol({ url: URL_GIVEN, code: 'Y' })).rejects.toMatchObject({ code: 'relay_refused' });
    await clock.advance(60_000);
    expect((await status()).push.ok).toBe(true);
  });

  test('elsewhere than the settings say is refused: the settings would win at the next start', async () => {
    const { enrol } = await till({ url: URL_GIVEN });
    await expect(enrol({ url: 'https://other.example', code: 'X' })).rejects.toMatchObject({
      code: 'relay_url_fixed',
    });
  });
});

describe('a test notification', () => {
  async function enrolled() {
    const made = await till();
    await made.enrol({ url: URL_GIVEN, code: 'X' });
    await made.clock.advance(0);
    return made;
  }

  test('goes the way of the wallets’ and comes back', async () => {
    const { test: send, http, relay, clock } = await enrolled();
    http.answer = json(200, {});
    const result = send();
    await clock.advance(0);
    const post = http.asked.at(-1);
    expect(post?.path).toMatch(/^\/notify\/.{4}\/test$/);
    await clock.advance(40);
    relay.line.deliver(1, post?.body ?? '', { channel: 'test' });
    await clock.advance(0);
    expect(await result).toEqual({ ok: true, failedHop: null, httpStatus: 200, tookMs: 40 });
    expect(relay.said('ack')).toEqual([{ type: 'ack', seq: 1 }]);
  });

  test.each<[string, HttpAnswer | HttpFault, object]>([
    ['notify_address', json(404, {}), { httpStatus: 404 }],
    ['notify_address', new HttpFault('timeout', 'maybe', ''), { httpStatus: null }],
    ['delivery', json(200, {}), { httpStatus: 200 }],
  ])('says that %s fails', async (failedHop, answer, more) => {
    const { test: send, http, clock } = await enrolled();
    http.answer = answer;
    const result = send();
    await clock.advance(10_000);
    expect(await result).toEqual({ ok: false, failedHop, tookMs: null, ...more });
  });

  test('says that the connection fails', async () => {
    const { test: send, relay, clock } = await enrolled();
    relay.line.end(null);
    await clock.advance(0);
    expect(await send()).toMatchObject({ ok: false, failedHop: 'connection' });
  });
});

describe('a push', () => {
  test('is on the screen at once, whatever is slow', async () => {
    const { charge, clock, till: window, backend, deliver, identity, http } = await relayedWorld();
    await charge();
    await clock.advance(1_000);
    const stream = await call(backend.api.events, {}, WINDOW);
    await stream.next();
    http.down = true;
    const [trade] = tradesOf(await window.order('A1'));
    if (!trade) throw new Error('no trade');
    const atMs = clock.nowMs();
    await deliver(paidNotification(identity, trade, clock.nowMs()));
    expect(await stream.next()).toMatchObject({
      value: { type: 'trade.changed', tradeNo: trade.tradeNo, toState: 'paid' },
    });
    expect(clock.nowMs()).toBe(atMs);
    await stream.return?.();
  });

  test('is answered after its commit alone: what the disk refused comes again', async () => {
    const { charge, clock, till: window, deliver, identity, db, relay } = await relayedWorld();
    await charge();
    await clock.advance(1_000);
    const [trade] = tradesOf(await window.order('A1'));
    if (!trade) throw new Error('no trade');
    const post = paidNotification(identity, trade, clock.nowMs());
    db.exec('PRAGMA query_only = ON');
    expect(await deliver(post)).toBeNull();
    expect((await window.status()).push).toMatchObject({ ok: false, reason: 'storage' });
    db.exec('PRAGMA query_only = OFF');
    await clock.advance(40_000);
    expect((await window.status()).push.ok).toBe(true);
    expect(relay.lines.length).toBe(2);
    expect(await deliver(post)).toBe('ack');
  });

  test('of a channel that this till does not know is rejected, and does not hold up the next', async () => {
    const { clock, relay, till: window, backend } = await relayedWorld();
    const laughs = '<!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><xml><sign>&b;</sign></xml>';
    relay.line.deliver(1, laughs, { channel: 'wechat_v2' });
    relay.line.deliver(2, 'x', { channel: 'test' });
    await clock.advance(0);
    expect(relay.said('reject')).toEqual([{ type: 'reject', seq: 1, reason: 'not_configured' }]);
    expect(relay.said('ack')).toEqual([{ type: 'ack', seq: 2 }]);
    expect(await call(backend.api.relay.status, undefined, WINDOW)).toMatchObject({ rejected: 1 });
    expect((await window.status()).push.ok).toBe(true);
  });

  test('is not asked for again after a restart: the position is kept', async () => {
    const { clock, relay, db, backend } = await relayedWorld();
    for (const seq of [4, 5, 6]) relay.line.deliver(seq, 'x', { channel: 'test' });
    await clock.advance(0);
    await backend.stop();
    expect(db.prepare('SELECT epoch, seq FROM relay').get()).toEqual({ epoch: EPOCH, seq: 6 });
  });
});

test('with the relay away everything works by polling, and the status says so', async () => {
  const { charge, clock, till: window, relay, pay } = await relayedWorld();
  relay.isDown = true;
  relay.line.end(null);
  await charge();
  await clock.advance(1_000);
  expect(await window.status()).toMatchObject({
    charging: { ok: true },
    seesPayments: { ok: true },
    push: { ok: false, reason: 'away' },
  });
  const [trade] = tradesOf(await window.order('A1'));
  await pay(trade?.codeUrl ?? '');
  await clock.advance(5_000);
  expect((await window.order('A1')).state).toBe('paid');
});

describe('the key file', () => {
  function folder(): string {
    const dir = mkdtempSync(join(tmpdir(), 'mianfu-key-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    return dir;
  }

  test('is this account’s alone, and read back only for its own public key', () => {
    const dir = folder();
    const { privateKey } = generateKeyPairSync('ed25519');
    keyFile(dir).prepare(privateKey).keep();
    expect(statSync(join(dir, 'relay.key')).mode & 0o777).toBe(0o600);
    const read = keyFile(dir).read(publicKeyOf(privateKey));
    expect(read && publicKeyOf(read)).toBe(publicKeyOf(privateKey));
    expect(keyFile(dir).read('A'.repeat(43))).toBeNull();
  });

  test('stays as it was until a new key is kept', () => {
    const dir = folder();
    const [old, next] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
    keyFile(dir).prepare(old.privateKey).keep();
    const before = readFileSync(join(dir, 'relay.key'), 'utf8');
    keyFile(dir).prepare(next.privateKey).discard();
    expect(readFileSync(join(dir, 'relay.key'), 'utf8')).toBe(before);
  });

  test('that is damaged is no key; a folder that is not there is a fault of the disk', () => {
    const dir = folder();
    writeFileSync(join(dir, 'relay.key'), 'x');
    expect(keyFile(dir).read('A'.repeat(43))).toBeNull();
    const { privateKey } = generateKeyPairSync('ed25519');
    expect(() => keyFile(join(dir, 'gone')).prepare(privateKey)).toThrow(/could not be used/);
  });
});

test('a till without a way out starts and stops', async () => {
  const { backend, clock } = testTill({ relay: relayNowhere() });
  backend.start();
  await clock.advance(1_000);
  await backend.stop();
});
