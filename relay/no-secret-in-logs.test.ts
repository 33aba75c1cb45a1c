import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Log } from '../ports/log.ts';
import { writeAlipayNotification } from '../wire/alipay-notification.ts';
import { testPair } from '../wire/test-certificates.ts';
import { MailboxAway } from './mailbox.ts';
import { startTestRelay } from './test-relay.ts';
import { ADMIN_TOKEN, connect, enrol, newKeys } from './test-till.ts';
import { createWalletKeys } from './wallet-keys.ts';

test('no body, header of a wallet, code, key or token is in any log line, whatever goes wrong', async () => {
  const lines: string[] = [];
  const keep = (fields: object, message: string) => lines.push(`${message} ${inWords(fields)}`);
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep, child: () => log };
  const folder = mkdtempSync(join(tmpdir(), 'mianfu-keys-'));
  mkdirSync(join(folder, 'alipay'));
  writeFileSync(join(folder, 'alipay/shop.pem'), testPair().publicPem);
  let isAway = false;
  const relay = await startTestRelay({
    log,
    walletKeys: createWalletKeys(folder),
    wrap: (mailbox) => ({
      ...mailbox,
      put: (notification) =>
        isAway
          ? Promise.reject(new MailboxAway('away', { cause: new Error('SQLITE_FULL') }))
          : mailbox.put(notification),
    }),
  });
  try {
    const keys = newKeys();
    await enrol(relay.origin, 'a', keys);
    const post = (channel: string, body: string, headers: Record<string, string> = {}) =>
      fetch(`${relay.origin}/notify/a/${channel}`, { method: 'POST', body, headers });
    const signed = {
      'Wechatpay-Signature': 'c2lnbmF0dXJlLW9mLXRoZS13YWxsZXQ=',
      'Wechatpay-Serial': 'PUB_KEY_ID_0114232134912410000000000000',
      'Wechatpay-Nonce': 'nonce-of-the-wallet',
      'Wechatpay-Timestamp': '1795305600',
      cookie: 'session=cookie-of-a-proxy',
    };
    const payer = { buyer_logon_id: 'payer@example.com', notify_id: 'N1', out_trade_no: 'T20261121A' };
    await post('wechat', '{"id":"EV-1","payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}}', signed);
    expect((await post('alipay', writeAlipayNotification(payer, testPair().privateKey))).status).toBe(401);
    isAway = true;
    expect((await post('wechat', '{"id":"EV-2","payer":"13800138000"}', signed)).status).toBe(503);
    isAway = false;
    await fetch(`${relay.origin}/admin/tills`, { headers: { authorization: 'Bearer guessed-token-0001' } });
    await fetch(`${relay.origin}/admin/tills/a/replay`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: '{"id":',
    });
    const till = await connect(relay.origin, { till: 'a', keys });
    const { seq } = await till.until('delivery');
    till.send({ type: 'reject', seq, reason: 'not_genuine' });
    till.send('{"type":"ack","seq":0,"note":"frame-of-a-till"}');
    await till.closed;

    const said = ['a forgery was dropped', 'could not be stored', 'wrong admin token', 'rejected a delivery'];
    for (const word of said) expect(lines.some((line) => line.includes(word))).toBe(true);
    const secrets = [
      ...Object.values(signed),
      ...['oUpF8uMuAJO', 'payer@example.com', '13800138000', 'T20261121A', 'EV-1', 'EV-2'],
      ...['cookie-of-a-proxy', 'guessed-token', ADMIN_TOKEN, 'frame-of-a-till', 'PRIVATE KEY', 'PUBLIC KEY'],
      keys.publicKey.export({ format: 'jwk' }).x,
    ];
    for (const secret of secrets) expect(lines.filter((line) => line.includes(String(secret)))).toEqual([]);
  } finally {
    await relay.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** All that a logger could get at: causes and stacks, too. */
function inWords(fields: object): string {
  return JSON.stringify(fields, (_key, value) =>
    value instanceof Error
      ? { ...value, message: value.message, stack: value.stack, cause: value.cause }
      : value,
  );
}
