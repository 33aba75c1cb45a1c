import { expect, test } from 'vitest';
import { httpTill } from '../../test/fakes/http-till.ts';
import { NAMES, PINS, staffed } from '../../test/fakes/staff.ts';

test('no PIN, token or cookie is in any log line, whatever goes wrong', async () => {
  const lines: string[] = [];
  const keep = (fields: object, message: string) => lines.push(`${message} ${inWords(fields)}`);
  const log = { debug: keep, info: keep, warn: keep, error: keep, child: () => log };
  const place = {
    read: () => null,
    write: () => {
      throw new Error('The disk is full.');
    },
  };
  const till = await httpTill({ log, tokenKeys: place });
  await staffed(till.backend);
  const device = { 'mianfu-device': 'a-device-of-the-office-0001' };
  const { body } = await till.api('POST', '/auth/login', device, { operator: NAMES.owner, pin: PINS.owner });
  const as = { ...device, authorization: `Bearer ${body.accessToken}` };
  const cookie = await till.openWindow();
  await till.api('POST', '/auth/login', device, { operator: NAMES.owner, pin: '271828' });
  await till.api('POST', '/auth/login', device, { operator: NAMES.owner, pin: ['271828'] });
  await till.api('POST', '/auth/refresh', device, { refreshToken: body.refreshToken });
  const wanted = { lockAfterMinutes: 1, refundApprovalAboveFen: 1, reason: 'x' };
  const approval = { operator: NAMES.owner, pin: PINS.owner };
  expect((await till.api('POST', '/policy', as, { ...wanted, approval })).status).toBe(200);
  // The database is gone in the middle of it: an internal error, with all that was known about it.
  till.db.close();
  const broken = await till.api(
    'POST',
    '/auth/login',
    { ...device, cookie },
    { operator: NAMES.owner, pin: PINS.owner },
  );
  expect(broken.status).toBe(500);
  expect(lines.some((line) => line.startsWith('internal error'))).toBe(true);
  expect(lines.some((line) => line.startsWith('keys for tokens not kept'))).toBe(true);
  const secrets = [
    ...Object.values(PINS),
    '271828',
    body.accessToken,
    body.refreshToken,
    cookie.split('=')[1],
  ];
  for (const secret of secrets) expect(lines.filter((line) => line.includes(String(secret)))).toEqual([]);
});

/** All that a logger could get at: causes and stacks, too. */
function inWords(fields: object): string {
  return JSON.stringify(fields, (_key, value) =>
    value instanceof Error
      ? { ...value, message: value.message, stack: value.stack, cause: value.cause }
      : value,
  );
}
