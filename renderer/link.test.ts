import { ORPCError } from '@orpc/client';
import { afterEach, expect, test, vi } from 'vitest';
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
