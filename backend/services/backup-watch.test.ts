import { expect, test } from 'vitest';
import { silentLog } from '../../ports/log.ts';
import { SimClock } from '../../ports/sim-clock.ts';
import { LEDGER_START } from '../domain/ledger.ts';
import { backupName } from '../store/backup-files.ts';
import type { Disk } from '../store/disk.ts';
import type { JournalEntry } from '../store/journal.ts';
import { createBackupWatch } from './backup-watch.ts';
import { createHub } from './hub.ts';

const START_MS = Date.parse('2026-11-21T14:32:10.000+08:00');
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** A backup disk that can be pulled out. */
function stick() {
  const clock = new SimClock(START_MS);
  const fault: { code: string | null } = { code: null };
  const made: number[] = [];
  const news: string[] = [];
  let lost = false;
  let lagMs = 0;
  const must = () => {
    if (fault.code) throw Object.assign(new Error(fault.code), { code: fault.code });
  };
  const file = (atMs: number) => ({ path: backupName(atMs, 4), atMs, schema: 4, bytes: 1 });
  const journaled: JournalEntry[] = [];
  const head = { seq: 0, hash: LEDGER_START };
  const disk: Disk = {
    checkpoint: async () => {},
    check: async () => {},
    async backup() {
      must();
      made.push(clock.nowMs());
      return file(clock.nowMs());
    },
    newestBackup() {
      must();
      const last = made.at(-1);
      return last === undefined ? null : file(last);
    },
    isSameDisk: () => false,
    journal: {
      add: (entries) => void journaled.push(...entries),
      retry() {},
      lagMs: () => lagMs,
      takeLoss() {
        const was = lost;
        lost = false;
        return was;
      },
      close: async () => {},
    },
    everyMs: HOUR_MS,
    close: async () => {},
  };
  const hub = createHub();
  hub.listen((signal) => news.push(signal.kind));
  const watch = createBackupWatch({ clock, log: silentLog(), disk, hub, ledgerHead: () => ({ ...head }) });
  watch.start();
  return {
    clock,
    fault,
    made,
    news,
    watch,
    head,
    journaled,
    lose: () => {
      lost = true;
    },
    lag: (ms: number) => {
      lagMs = ms;
    },
  };
}

test('a backup is made soon after the start and then every hour', async () => {
  const { clock, made, watch } = stick();
  await clock.advance(3 * HOUR_MS + 60_000);
  expect(made).toHaveLength(4);
  expect(watch.read()).toMatchObject({ ok: true, reason: null, sameDisk: false });
  expect(Date.parse(watch.read().lastGoodAt ?? '')).toBe(made.at(-1));
  await watch.stop();
});

test.each([
  ['ENOENT', 'backup_missing'],
  ['ENOSPC', 'backup_full'],
  ['EROFS', 'backup_readonly'],
  ['SQLITE_CORRUPT', 'backup_damaged'],
  ['EWHATEVER', 'backup_failed'],
])(
  'a folder that says %s is told as %s, with the age of the last good one, and taken again by itself',
  async (code, reason) => {
    const { clock, fault, made, news, watch } = stick();
    await clock.advance(60_000);
    const last = made.at(-1);
    fault.code = code;
    await clock.advance(2 * HOUR_MS);
    expect(watch.read()).toMatchObject({ ok: false, reason });
    expect(Date.parse(watch.read().lastGoodAt ?? '')).toBe(last);
    expect(news).toContain('status');
    fault.code = null;
    await clock.advance(120_000);
    expect(watch.read()).toMatchObject({ ok: true, reason: null });
    expect(made).toHaveLength(2);
    await watch.stop();
  },
);

test('what the journal gave up is in the next backup at once', async () => {
  const { clock, lose, made, watch } = stick();
  await clock.advance(60_000);
  watch.onJournal(Object.assign(new Error(), { code: 'ENOSPC' }));
  expect(watch.read()).toMatchObject({ ok: false, reason: 'backup_full' });
  lose();
  watch.onJournal(null);
  await clock.advance(1_000);
  expect(made).toHaveLength(2);
  expect(watch.read().ok).toBe(true);
  await watch.stop();
});

test('a journal that lags is said so, with how long', async () => {
  const { lag, watch } = stick();
  lag(9_000);
  expect(watch.read()).toMatchObject({ ok: false, reason: 'backup_failed', journalLagMs: 9_000 });
  await watch.stop();
});

test('the ledger’s head is kept beside the backups as it goes on, and at the end', async () => {
  const { clock, watch, head, journaled } = stick();
  const kept = () => journaled.map((entry) => (entry.kind === 'head' ? entry.seq : entry.kind));
  head.seq = 7;
  await clock.advance(3 * MINUTE_MS);
  expect(kept()).toEqual([7]);
  head.seq = 9;
  await clock.advance(MINUTE_MS);
  expect(kept()).toEqual([7, 9]);
  head.seq = 12;
  await watch.stop();
  expect(kept()).toEqual([7, 9, 12]);
});
