import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { SimClock } from '../../ports/sim-clock.ts';
import { systemEndOfTurn } from '../../ports/turn.ts';
import { CONFORMANCE_LIMITS, collect, mailboxConformance, sample } from '../conformance.ts';
import { MailboxAway } from '../mailbox.ts';
import { openRelayDatabase } from './database.ts';
import { createSqliteMailbox } from './mailbox.ts';

async function make(limits = CONFORMANCE_LIMITS) {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-relay-'));
  const clock = new SimClock(1_800_000_000_000);
  const start = () => {
    const storage = openRelayDatabase(dir);
    const mailbox = createSqliteMailbox({
      db: storage.db,
      clock,
      random: systemRandom(),
      endOfTurn: systemEndOfTurn,
      log: silentLog(),
      limits,
    });
    return { storage, mailbox };
  };
  let running = start();
  const stop = async () => {
    await running.mailbox.close();
    running.storage.close();
  };
  return {
    mailbox: running.mailbox,
    nowMs: () => clock.nowMs(),
    db: () => running.storage.db,
    async another() {
      await stop();
      running = start();
      return running.mailbox;
    },
    pass: (ms: number) => clock.advance(ms),
    async close() {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

mailboxConformance('SQLite', make);

test('posts of one turn share one commit', async () => {
  const bench = await make();
  const commits: string[] = [];
  const exec = bench.db().exec.bind(bench.db());
  bench.db().exec = (source: string) => {
    commits.push(source);
    return exec(source);
  };
  await Promise.all(Array.from({ length: 16 }, () => bench.mailbox.put(sample('till-1'))));
  expect(commits).toEqual(['BEGIN IMMEDIATE', 'COMMIT']);
  await bench.close();
});

test('what the disk refuses is not promised, and taken once there is room', async () => {
  const bench = await make();
  const before = sample('till-1');
  await bench.mailbox.put(before);
  bench.db().pragma('max_page_count = 1');
  const large = sample('till-1', { body: new Uint8Array(60_000) });
  await expect(bench.mailbox.put(large)).rejects.toBeInstanceOf(MailboxAway);
  expect(bench.mailbox.trouble()).toContain('SQLITE_FULL');
  expect((await bench.mailbox.backlog('till-1')).waiting).toBe(1);
  bench.db().pragma('max_page_count = 100000');
  expect(await bench.mailbox.put(large)).toBe('stored');
  expect(bench.mailbox.trouble()).toBeNull();
  const got = await collect(await bench.mailbox.open('till-1', null)).first(2);
  expect(got.map(({ notification }) => notification.id)).toEqual([before.id, large.id]);
  await bench.close();
});

test('a till that is here has a delivery while the disk is still at it, and the wallet its answer only after', async () => {
  const bench = await make();
  const inbox = await bench.mailbox.open('till-1', null);
  const order: string[] = [];
  inbox.start({ deliver: () => order.push('delivered'), ended: () => {} });
  const exec = bench.db().exec.bind(bench.db());
  bench.db().exec = (source: string) => {
    if (source === 'COMMIT') order.push('commit');
    return exec(source);
  };
  await bench.mailbox.put(sample('till-1')).then(() => order.push('answered'));
  expect(order).toEqual(['delivered', 'commit', 'answered']);
  await bench.close();
});

test('what was handed out of a commit that then failed is not awaited, and its number names nothing else', async () => {
  const bench = await make({ ...CONFORMANCE_LIMITS, window: 2 });
  const inbox = await bench.mailbox.open('till-1', null);
  const till = collect(inbox);
  await bench.mailbox.put(sample('till-1'));
  const [first] = await till.first(1);
  inbox.ack(first?.seq ?? 0);
  const exec = bench.db().exec.bind(bench.db());
  let refuses = true;
  bench.db().exec = (source: string) => {
    if (refuses && source === 'COMMIT')
      throw Object.assign(new Error('disk'), { code: 'SQLITE_IOERR_FSYNC' });
    return exec(source);
  };
  const lost = [sample('till-1'), sample('till-1')];
  for (const notification of lost)
    await expect(bench.mailbox.put(notification)).rejects.toBeInstanceOf(MailboxAway);
  const handed = till.got.slice(1);
  expect(handed.map(({ notification }) => notification.id)).toEqual(lost.map(({ id }) => id));

  refuses = false;
  const kept = [sample('till-1'), sample('till-1')];
  for (const notification of kept) expect(await bench.mailbox.put(notification)).toBe('stored');
  const later = (await till.first(5)).slice(3);
  expect(later.map(({ notification }) => notification.id)).toEqual(kept.map(({ id }) => id));
  // The till answers what the relay has lost: nothing that waits may go by it.
  for (const { seq } of handed) inbox.ack(seq);
  expect((await bench.mailbox.backlog('till-1')).waiting).toBe(2);
  const position = { epoch: inbox.epoch, seq: Math.max(...handed.map(({ seq }) => seq)) };
  const again = collect(await bench.mailbox.open('till-1', position));
  expect((await again.first(2)).map(({ notification }) => notification.id)).toEqual(kept.map(({ id }) => id));
  for (const notification of lost) expect(await bench.mailbox.put(notification)).toBe('stored');
  await bench.close();
});

test('what was handed out and then could not even be written is not awaited, and comes again once there is room', async () => {
  const bench = await make({ ...CONFORMANCE_LIMITS, window: 1 });
  const till = collect(await bench.mailbox.open('till-1', null));
  bench.db().pragma('max_page_count = 1');
  const large = sample('till-1', { body: new Uint8Array(60_000) });
  await expect(bench.mailbox.put(large)).rejects.toBeInstanceOf(MailboxAway);
  bench.db().pragma('max_page_count = 100000');
  expect(await bench.mailbox.put(large)).toBe('stored');
  const got = await till.first(2);
  expect(got.map(({ notification }) => notification.id)).toEqual([large.id, large.id]);
  expect(got[0]?.seq).not.toBe(got[1]?.seq);
  expect((await bench.mailbox.backlog('till-1')).waiting).toBe(1);
  await bench.close();
});

test('what a till names as its last within the epoch is not sent again', async () => {
  const bench = await make();
  const sent = [sample('till-1'), sample('till-1'), sample('till-1')];
  for (const notification of sent) await bench.mailbox.put(notification);
  const inbox = await bench.mailbox.open('till-1', null);
  const got = await collect(inbox).first(3);
  inbox.close();
  const after = { epoch: inbox.epoch, seq: got[1]?.seq ?? 0 };
  const again = collect(await bench.mailbox.open('till-1', after));
  await again.first(1);
  expect(again.got.map(({ notification }) => notification.id)).toEqual([sent[2]?.id]);
  expect(await bench.mailbox.put(sent[0] ?? sample('till-1'))).toBe('repeated');
  await bench.close();
});

test('a trial that anyone may post leaves nothing behind once the till has had it; a notification leaves its id', async () => {
  const bench = await make();
  const inbox = await bench.mailbox.open('till-1', null);
  const seen = collect(inbox);
  await bench.mailbox.put(sample('till-1', { channel: 'test' }));
  await bench.mailbox.put(sample('till-1', { channel: 'alipay' }));
  for (const { seq } of await seen.first(2)) inbox.ack(seq);
  expect((await bench.mailbox.backlog('till-1')).waiting).toBe(0);
  const kept = bench.db().prepare<[], string>('SELECT id FROM seen').pluck().all();
  expect(kept).toEqual([seen.got[1]?.notification.id]);
  await bench.close();
});
