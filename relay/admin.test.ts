import { afterEach, beforeEach, expect, test } from 'vitest';
import { undiciHttpClient } from '../ports/http-undici.ts';
import { StartError } from '../ports/service.ts';
import { SettingsError } from '../ports/settings.ts';
import { enrolRequest } from '../wire/relay.ts';
import { runCommand } from './cli.ts';
import { startTestRelay, type TestRelay } from './test-relay.ts';
import { ADMIN_TOKEN, connect, enrol, newKeys } from './test-till.ts';

let relay: TestRelay;
const http = undiciHttpClient();
const keys = newKeys();

beforeEach(async () => {
  relay = await startTestRelay();
});
afterEach(async () => {
  await relay.stop();
});

const as = (token: string, path: string, method = 'GET') =>
  fetch(`${relay.origin}${path}`, { method, headers: { authorization: `Bearer ${token}` } });

function cli(command: 'enrol' | 'revoke' | 'inspect' | 'replay', ...rest: string[]): Promise<string> {
  const { port } = new URL(relay.origin);
  return runCommand(
    command,
    [command, '--port', port, ...rest],
    { MIANFU_RELAY_ADMIN_TOKEN: ADMIN_TOKEN },
    http,
  );
}

test('nothing of the operator’s is to be had without the token, and guessing is slow', async () => {
  await enrol(relay.origin, 'a', keys);
  for (const [method, path] of [
    ['GET', '/admin/tills'],
    ['GET', '/admin/tills/a'],
    ['POST', '/admin/tills/a/code'],
    ['POST', '/admin/tills/a/revoke'],
    ['POST', '/admin/tills/a/replay'],
  ] as const) {
    const answer = await as('a-wrong-token-of-some-length', path, method);
    expect([401, 429]).toContain(answer.status);
    expect(await answer.text()).not.toContain('fingerprint');
  }
  expect((await fetch(`${relay.origin}/admin/tills`)).status).toBe(429);
  expect((await as(ADMIN_TOKEN, '/admin/tills')).status).toBe(200);
});

test('a till is enrolled by the code that the command gives, and learns its addresses', async () => {
  const code = /^code (\S+)$/m.exec(await cli('enrol', '--till', 'a'))?.[1] ?? '';
  expect(await cli('inspect')).toMatch(/^a {2}invited$/m);
  const send = () =>
    fetch(`${relay.origin}/enrol`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(enrolRequest({ till: 'a', code }, keys)),
    });
  const answer = await send();
  expect(await answer.json()).toEqual({
    till: 'a',
    relay: new URL(relay.origin).host,
    pushUrl: `${relay.origin.replace('http', 'ws')}/till`,
    notifyUrl: `${relay.origin}/notify/a/{channel}`,
  });
  expect((await send()).status).toBe(403);
  expect(await cli('inspect')).toMatch(/^a {2}not seen {2}0 waiting {2}0 dead {2}key [0-9a-f]{16}$/m);
});

test.each<[string, unknown]>([
  ['nothing', ''],
  ['no enrolment', '{"till":"a"}'],
  ['a bad name', JSON.stringify({ ...enrolRequest({ till: 'a', code: 'x' }, keys), till: '../a' })],
  ['a wrong code', JSON.stringify(enrolRequest({ till: 'a', code: 'AAAA-AAAA-AAAA' }, keys))],
])('enrolment refuses %s', async (_, body) => {
  const answer = await fetch(`${relay.origin}/enrol`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: String(body),
  });
  expect([400, 403]).toContain(answer.status);
});

test('guessing codes is slowed down', async () => {
  const statuses: number[] = [];
  for (let guess = 0; guess < 20; guess++) {
    const answer = await fetch(`${relay.origin}/enrol`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(enrolRequest({ till: 'a', code: `GUESS-${guess}` }, keys)),
    });
    statuses.push(answer.status);
  }
  expect(statuses).toContain(429);
});

test('inspect shows dead letters, and replay brings one back', async () => {
  await enrol(relay.origin, 'a', keys);
  const till = await connect(relay.origin, { till: 'a', keys });
  await fetch(`${relay.origin}/notify/a/wechat`, { method: 'POST', body: '{"id":"EV-1","secret":"payer"}' });
  const { seq, id } = await till.until('delivery');
  till.send({ type: 'reject', seq, reason: 'no key for it\u001b[2J' });
  till.send({ type: 'ping' });
  await till.until('pong');
  let shown = await cli('inspect', '--till', 'a');
  while (!shown.includes(id)) shown = await cli('inspect', '--till', 'a');
  expect(shown).toContain('a  connected  0 waiting  1 dead');
  expect(shown).toContain('30 bytes  no key for it?[2J');
  expect(shown).not.toContain('payer');
  expect(await cli('replay', '--till', 'a', '--id', id)).toBe('replayed 1\n');
  await till.until('delivery', (again) => again.seq !== seq && again.id === id);
  expect(await cli('replay', '--till', 'a')).toBe('replayed 0\n');
  till.drop();
});

test('revoke takes effect at once', async () => {
  await enrol(relay.origin, 'a', keys);
  const till = await connect(relay.origin, { till: 'a', keys });
  expect(await cli('revoke', '--till', 'a')).toBe('revoked a\n');
  await till.closed;
  await expect(cli('revoke', '--till', 'a')).rejects.toThrow(/no such till/);
  await expect(cli('inspect', '--till', 'a')).rejects.toBeInstanceOf(StartError);
});

test('a command says what is missing', async () => {
  await expect(cli('enrol')).rejects.toThrow(/--till ID/);
  await expect(cli('enrol', '--till', 'no blanks please')).rejects.toThrow(/till’s name/);
  await expect(cli('enrol', '--till', 'a', '--nonsense')).rejects.toBeInstanceOf(SettingsError);
  await expect(runCommand('inspect', ['inspect', '--port', '1'], {}, http)).rejects.toThrow(
    /RELAY_ADMIN_TOKEN/,
  );
  await expect(
    runCommand('inspect', ['inspect', '--port', '1'], { MIANFU_RELAY_ADMIN_TOKEN: ADMIN_TOKEN }, http),
  ).rejects.toThrow(/No relay answers at http:\/\/127\.0\.0\.1:1\./);
});

test('the operator’s page holds nothing by itself and runs its own script only', async () => {
  await enrol(relay.origin, 'a-secret-till', keys);
  const answer = await fetch(`${relay.origin}/operator`);
  const policy = answer.headers.get('content-security-policy') ?? '';
  expect(policy).toMatch(/default-src 'none'; script-src 'sha256-/);
  expect(policy).not.toContain('unsafe');
  const page = await answer.text();
  expect(page).toContain('Admin token');
  expect(page).not.toContain('a-secret-till');
});
