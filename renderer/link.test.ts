import { ORPCError } from '@orpc/client';
import { afterEach, expect, test, vi } from 'vitest';
import type { Credentials } from './credentials.ts';
import { createLink } from './link.ts';
import type { Line } from './link-line.ts';

afterEach(() => {
  vi.useRealTimers();
});

const silent: Line = { call: () => new Promise(() => {}) };

test('a call on a dead line ends with link_timeout, and the next one opens a fresh line', async () => {
  vi.useFakeTimers();
  const lines: Line[] = [silent, { call: async () => ({ tillId: 'T' }) }];
  let opened = 0;
  const link = createLink(async () => lines[opened++] ?? silent, { needsPing: true });
  const first = expect(link.api.till.get()).rejects.toMatchObject({ code: 'link_timeout' });
  await vi.advanceTimersByTimeAsync(10_000);
  await first;
  expect(await link.api.till.get()).toEqual({ tillId: 'T' });
  expect(opened).toBe(2);
});

test('creating a charge is given the time that two wallets need', async () => {
  vi.useFakeTimers();
  const link = createLink(async () => silent, { needsPing: true });
  let ended = false;
  const created = link.api.charges.create({ amountFen: 1 }).catch(() => {
    ended = true;
  });
  await vi.advanceTimersByTimeAsync(39_000);
  expect(ended).toBe(false);
  await vi.advanceTimersByTimeAsync(1_000);
  await created;
  expect(ended).toBe(true);
});

test('a contract error keeps its code and data; anything else is a lost line', async () => {
  const thrown = [
    new ORPCError('order_closing', { status: 409, data: { retryAt: '2026-11-21T14:34:10.000+08:00' } }),
    new ORPCError('BAD_GATEWAY'),
    new TypeError('fetch failed'),
  ];
  const link = createLink(async () => ({ call: () => Promise.reject(thrown.shift()) }), { needsPing: false });
  await expect(link.api.till.get()).rejects.toMatchObject({
    code: 'order_closing',
    data: { retryAt: '2026-11-21T14:34:10.000+08:00' },
  });
  await expect(link.api.till.get()).rejects.toMatchObject({ code: 'link_down' });
  await expect(link.api.till.get()).rejects.toMatchObject({ code: 'link_down' });
});

test('a line that cannot be opened is a lost line, and is tried again', async () => {
  let opened = 0;
  const link = createLink(
    async () => {
      opened += 1;
      throw new Error('no handshake');
    },
    { needsPing: true },
  );
  await expect(link.api.till.get()).rejects.toMatchObject({ code: 'link_down' });
  await expect(link.api.till.get()).rejects.toMatchObject({ code: 'link_down' });
  expect(opened).toBe(2);
});

/** A backend that knows one token at a time; `auth.refresh` hands out the next, while there is one. */
function signedInLine(fresh: string[]) {
  const credentials: Credentials = { accessToken: 'old', refreshToken: null };
  const asked: string[] = [];
  let good = 'old';
  const line: Line = {
    async call(path) {
      const { accessToken } = credentials;
      const name = path.join('.');
      asked.push(`${name} ${accessToken}`);
      await Promise.resolve();
      if (name === 'auth.refresh') {
        const next = fresh.shift();
        if (next === undefined) throw new ORPCError('session_over', { status: 401 });
        good = next;
        return { accessToken: next, refreshToken: null };
      }
      if (accessToken === null) throw new ORPCError('sign_in_needed', { status: 401 });
      if (accessToken !== good) throw new ORPCError('unauthorized', { status: 401 });
      return { isLocked: name === 'auth.lock' };
    },
  };
  const link = createLink(async () => line, { needsPing: false, credentials });
  const expire = () => {
    good = 'none';
  };
  return { link, asked, expire };
}

test('a window whose token has grown too old goes on under a fresh one, which is asked for once', async () => {
  const { link, asked, expire } = signedInLine(['fresh', 'fresher']);
  await link.api.till.get();
  expire();
  await Promise.all([link.api.till.get(), link.api.till.today(), link.api.auth.unlock({ pin: '4826' })]);
  expect(asked.filter((each) => each.startsWith('auth.refresh'))).toHaveLength(1);
  expect(asked.slice(-3).sort()).toEqual(['auth.unlock fresh', 'till.get fresh', 'till.today fresh']);
  expire();
  expect(await link.api.auth.lock()).toEqual({ isLocked: true });
});

test('a window whose session is over is told to sign in, not that it has no way in', async () => {
  const { link, expire } = signedInLine([]);
  expire();
  await expect(link.api.till.get()).rejects.toMatchObject({ code: 'sign_in_needed' });
  await expect(link.api.auth.lock()).rejects.toMatchObject({ code: 'sign_in_needed' });
});
