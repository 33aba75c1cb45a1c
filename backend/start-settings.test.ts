import { expect, test } from 'vitest';
import { readSettings } from '../ports/settings.ts';
import { startSettings } from './start-settings.ts';

const SECRETS = {
  MIANFU_API_KEY: 'api-key-of-the-shop-000001',
  MIANFU_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
  MIANFU_SESSIONS: 'redis://till:redis-password@10.0.0.5:6379/1',
  MIANFU_LOCKS: 'redis://till:redis-password@10.0.0.5:6379/1',
  MIANFU_WEBHOOK: 'https://shop.example/paid?token=webhook-token',
};

function told(change: Record<string, string> = {}) {
  const settings = readSettings('backend', ['--data', '/none'], { ...SECRETS, ...change });
  if (settings === 'help') throw new Error('Nobody asked for help.');
  return startSettings(settings, ['alipay 2021000000000000']);
}

test('what the ledger is told of the settings holds no secret, and shows each that is another', () => {
  const text = JSON.stringify(told());
  for (const secret of [
    SECRETS.MIANFU_API_KEY,
    SECRETS.MIANFU_WEBHOOK_SECRET,
    'redis-password',
    'webhook-token',
  ])
    expect(text).not.toContain(secret);
  for (const [name, other] of [
    ['MIANFU_API_KEY', 'api-key-of-the-shop-000002'],
    ['MIANFU_WEBHOOK_SECRET', `whsec_${Buffer.alloc(32, 8).toString('base64')}`],
    ['MIANFU_WEBHOOK', 'https://shop.example/paid?token=another-token'],
    ['MIANFU_SESSIONS', 'database'],
    ['MIANFU_SHOP_NAME', '二店'],
    ['MIANFU_STORE_TIME_ZONE', 'Asia/Urumqi'],
    ['MIANFU_RELAY', 'https://relay.example'],
    ['MIANFU_BACKUP_MINUTES', '30'],
  ] as const)
    expect(told({ [name]: other })).not.toEqual(told());
});
