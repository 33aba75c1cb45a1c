import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeAlipayNotification } from '../wire/alipay-notification.ts';
import { testCertificate, testPair } from '../wire/test-certificates.ts';
import { signWechatMessage } from '../wire/wechat-v3-signature.ts';
import { startTestRelay, type TestRelay } from './test-relay.ts';
import { ADMIN_TOKEN, enrol, newKeys } from './test-till.ts';
import { createWalletKeys } from './wallet-keys.ts';

const KEY_ID = 'PUB_KEY_ID_0119000001012024112900000000000001';
const SERIAL = '7132D72A03E93CDDF8C03BBD1F37EEDF00000001';
const wallet = testPair();
const stranger = testPair();

let folder: string;
let relay: TestRelay;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mianfu-keys-'));
});
afterEach(async () => {
  await relay?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function lay(path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
}

async function start(): Promise<void> {
  relay = await startTestRelay({ walletKeys: createWalletKeys(folder) });
  for (const till of ['a', 'b']) await enrol(relay.origin, till, newKeys());
}

async function wechat(by: { serial: string; pair: typeof wallet }, till = 'a'): Promise<Response> {
  const body = JSON.stringify({ id: `EV-${Math.random()}` });
  const signer = { serial: by.serial, privateKey: by.pair.privateKey };
  // Long ago: its age is for the till to judge.
  const headers = signWechatMessage(body, signer, { timestamp: '1721790496', nonce: 'n' });
  return await fetch(`${relay.origin}/notify/${till}/wechat`, { method: 'POST', headers, body });
}

async function alipay(by: typeof wallet | null, till = 'a'): Promise<Response> {
  const form = writeAlipayNotification({ notify_id: `N${Math.random()}`, subject: '拿铁' }, by?.privateKey);
  return await fetch(`${relay.origin}/notify/${till}/alipay`, { method: 'POST', body: form });
}

const waiting = async (till = 'a') => (await relay.mailbox.backlog(till)).waiting;

test('a forgery is answered in the wallet’s words, counted, and not kept', async () => {
  lay(`wechat/${KEY_ID}.pem`, wallet.publicPem);
  lay('wechat/platform.pem', testCertificate(wallet, { serialHex: SERIAL, notBeforeMs: Date.now() }));
  lay('alipay/shop.pem', wallet.publicPem);
  await start();
  for (const serial of [KEY_ID, SERIAL]) {
    const answer = await wechat({ serial, pair: stranger });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({ code: 'FAIL', message: 'forged' });
  }
  const answer = await alipay(stranger);
  expect([answer.status, await answer.text()]).toEqual([401, 'failure']);
  expect(await waiting()).toBe(0);
  const metrics = await relay.metrics();
  expect(metrics).toContain('mianfu_relay_forged_total{channel="wechat"} 2');
  expect(metrics).toContain('mianfu_relay_forged_total{channel="alipay"} 1');
});

test('what is genuine, and what cannot be judged, is let through to the till', async () => {
  lay(`wechat/${KEY_ID}.pem`, wallet.publicPem);
  lay('alipay/shop.pem', wallet.publicPem);
  await start();
  expect((await wechat({ serial: KEY_ID, pair: wallet })).status).toBe(204);
  // A serial that nobody has told us of: the wallet's keys rotate.
  expect((await wechat({ serial: SERIAL, pair: stranger })).status).toBe(204);
  expect((await alipay(wallet)).status).toBe(200);
  expect((await alipay(null)).status).toBe(200);
  const bare = await fetch(`${relay.origin}/notify/a/wechat`, {
    method: 'POST',
    body: '{"id":"no headers"}',
  });
  expect(bare.status).toBe(204);
  const garbage = await fetch(`${relay.origin}/notify/a/alipay`, { method: 'POST', body: '%%%=%' });
  expect(garbage.status).toBe(200);
  const old = await fetch(`${relay.origin}/notify/a/wechat_v2`, { method: 'POST', body: '<xml></xml>' });
  expect(old.status).toBe(200);
  expect(await waiting()).toBe(7);
  const metrics = await relay.metrics();
  expect(metrics).not.toMatch(/mianfu_relay_forged_total\{/);
  // What cannot be judged is not called verified.
  expect(metrics).toContain('mianfu_relay_verified_total{channel="wechat"} 1');
  expect(metrics).toContain('mianfu_relay_verified_total{channel="alipay"} 1');
  expect(metrics).not.toContain('mianfu_relay_verified_total{channel="wechat_v2"}');
});

test('a till’s own keys stand for it alone, in place of the general ones', async () => {
  lay('alipay/chain.pem', stranger.publicPem);
  lay('tills/a/alipay/shop.pem', wallet.publicPem);
  await start();
  expect((await alipay(wallet, 'a')).status).toBe(200);
  expect((await alipay(stranger, 'a')).status).toBe(401);
  expect((await alipay(wallet, 'b')).status).toBe(401);
  expect((await alipay(stranger, 'b')).status).toBe(200);
});

test('the operator sees which files are used; one that is none judges nobody, and a private key is refused', async () => {
  lay('wechat/renamed.pem', wallet.publicPem);
  lay('alipay/secret.pem', `${wallet.privatePem}\n${wallet.publicPem}`);
  await start();
  expect((await alipay(stranger)).status).toBe(200);
  const keys = async () => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const answer = await fetch(`${relay.origin}/admin/keys`, { headers });
    return (
      (await answer.json()) as { files: { file: string; name: string | null; trouble: string | null }[] }
    ).files;
  };
  expect((await keys()).map(({ trouble }) => trouble)).toEqual([
    expect.stringContaining('no place on a relay'),
    expect.stringContaining('PUB_KEY_ID_'),
  ]);
  // Laid while it runs: asking reads the folder again.
  lay(`wechat/${KEY_ID}.pem`, wallet.publicPem);
  expect(await keys()).toContainEqual(expect.objectContaining({ name: KEY_ID, trouble: null }));
  expect((await wechat({ serial: KEY_ID, pair: stranger })).status).toBe(401);
});
