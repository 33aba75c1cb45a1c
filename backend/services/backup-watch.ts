import type { BackupStatus } from '../../contract/till.ts';
import { type Clock, MINUTE, SECOND } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { storeInstant } from '../domain/store-time.ts';
import { asStorageError } from '../store/database.ts';
import type { Disk } from '../store/disk.ts';
import type { LedgerHead } from '../store/events.ts';
import { entryOf } from '../store/journal.ts';
import type { Hub } from './hub.ts';

/** The first backup waits until the till has started. */
const FIRST_MS = 10 * SECOND;
/** A folder that is missing, full or not to be written is tried again this often. */
const RETRY_MS = MINUTE;
/** A journal that lags this much is trouble to be shown. */
const LAG_SHOWN_MS = 5 * SECOND;

type Trouble = NonNullable<BackupStatus['reason']>;

/**
 * Makes backups on schedule and says how they are: trouble with them never keeps the till from charging. The
 * ledger's head is kept beside them as it goes on, so that a ledger that was cut is found out.
 */
export function createBackupWatch(deps: {
  clock: Clock;
  log: Log;
  disk: Disk;
  hub: Hub;
  ledgerHead(): LedgerHead;
}) {
  const { clock, log, disk, hub } = deps;
  let trouble: Trouble | null = null;
  let sinceMs = clock.nowMs();
  let lastGoodMs: number | null = null;
  let sameDisk = true;
  let journalFails = false;
  let cancel = () => {};
  let stopped = false;
  let keptSeq = 0;

  function note(now: Trouble | null): void {
    if (now === trouble) return;
    trouble = now;
    sinceMs = clock.nowMs();
    hub.tell({ kind: 'status' });
  }

  function later(delayMs: number): void {
    cancel();
    if (!stopped) cancel = clock.after(delayMs, () => void round());
  }

  function keepHead(): void {
    const head = deps.ledgerHead();
    if (head.seq === keptSeq) return;
    keptSeq = head.seq;
    disk.journal.add([entryOf.head(head)]);
  }

  /** A backup when one is due, and another try for a journal that waits. */
  async function round(): Promise<void> {
    disk.journal.retry();
    try {
      keepHead();
      sameDisk = disk.isSameDisk();
      lastGoodMs = disk.newestBackup()?.atMs ?? null;
      // A clock that was set back does not put a backup off.
      const ageMs = lastGoodMs === null ? null : Math.abs(clock.nowMs() - lastGoodMs);
      if (ageMs === null || ageMs >= disk.everyMs || trouble !== null || disk.journal.takeLoss()) {
        lastGoodMs = (await disk.backup()).atMs;
        log.info({ at: storeInstant(lastGoodMs), sameDisk }, 'backup made');
        if (!journalFails) note(null);
        hub.tell({ kind: 'status' });
      }
    } catch (error) {
      if (stopped) return;
      if (trouble === null) log.warn({ err: error }, 'backup not made');
      note(asTrouble(error));
    }
    later(Math.min(RETRY_MS, disk.everyMs));
  }

  return {
    start(): void {
      try {
        lastGoodMs = disk.newestBackup()?.atMs ?? null;
        sameDisk = disk.isSameDisk();
      } catch (error) {
        note(asTrouble(error));
      }
      later(FIRST_MS);
    },
    /** The journal was written (null) or refused. */
    onJournal(error: unknown): void {
      if (error === null) {
        if (!journalFails) return;
        journalFails = false;
        // What may have been given up is in the next backup.
        later(0);
        return;
      }
      if (!journalFails) log.warn({ err: error }, 'journal not written');
      journalFails = true;
      note(asTrouble(error));
    },
    read(): BackupStatus {
      const lagMs = disk.journal.lagMs();
      const reason = trouble ?? (lagMs > LAG_SHOWN_MS ? 'backup_failed' : null);
      return {
        ok: reason === null,
        since: storeInstant(trouble === null ? clock.nowMs() - lagMs : sinceMs),
        reason,
        lastGoodAt: lastGoodMs === null ? null : storeInstant(lastGoodMs),
        sameDisk,
        journalLagMs: lagMs,
      };
    },
    async stop(): Promise<void> {
      stopped = true;
      cancel();
      try {
        keepHead();
      } catch (error) {
        log.warn({ err: error }, 'ledger head not kept');
      }
      await disk.close();
    },
  };
}

function asTrouble(error: unknown): Trouble {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENODEV' || code === 'ESTALE' || code === 'EIO')
    return 'backup_missing';
  switch (asStorageError(error).kind) {
    case 'full':
      return 'backup_full';
    case 'readonly':
      return 'backup_readonly';
    case 'corrupt':
      return 'backup_damaged';
    default:
      return 'backup_failed';
  }
}
