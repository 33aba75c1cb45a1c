import { type Clock, HOUR } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Random } from '../../ports/random.ts';
import type { EndOfTurn } from '../../ports/turn.ts';
import {
  type Inbox,
  type InboxEnd,
  type Mailbox,
  MailboxAway,
  type MailboxLimits,
  type Notification,
  type Outgoing,
} from '../mailbox.ts';
import { otherBytesId } from '../notification-id.ts';
import { type Db, LOG_BYTES } from './database.ts';
import { createGroupCommit } from './group-commit.ts';
import { createSqliteInbox, type SqliteInbox } from './inbox.ts';
import { prepareStatements } from './statements.ts';

/** Longer than any wallet repeats a notification (25 h). */
const SEEN_KEPT_MS = 48 * HOUR;
/** What one sweep takes at a time, so that no commit is long. */
const SWEEP_MAX = 500;
/** When about so much is in the log, it is copied into the database, so that the log's beginning is used again. */
const CHECKPOINT_BYTES = LOG_BYTES / 2;
/** Pages that a commit writes besides the body, at most: leaves of the tables and their indexes. */
const PAGES_OF_PUT = 5 * 4_096;
const PAGES_OF_REMOVAL = 4 * 4_096;

/** What a till's mailbox holds, kept beside the rows so that no limit costs a count. */
interface Level {
  waiting: number;
  bytes: number;
  lastSeq: number;
}

/** Mailboxes in one SQLite database, for one relay process. Owns `db` from now on, but does not close it. */
export function createSqliteMailbox(deps: {
  db: Db;
  clock: Clock;
  random: Random;
  endOfTurn: EndOfTurn;
  log: Log;
  limits: MailboxLimits;
}): Mailbox {
  const { db, clock, log, limits } = deps;
  const sql = prepareStatements(db);
  const epoch = Buffer.from(deps.random.bytes(12)).toString('base64url');
  const inboxes = new Map<string, SqliteInbox>();
  /** Tills that are here, and must read what the commit under way adds. */
  const unread = new Set<string>();
  /** What it adds and was handed out before it is on disk. */
  let ahead: { inbox: SqliteInbox; row: Outgoing }[] = [];
  let levels = readLevels();
  let writtenBytes = 0;
  let trouble: string | null = null;

  const commit = createGroupCommit(db, deps, {
    committed() {
      trouble = null;
      const tills = [...unread];
      unread.clear();
      ahead = [];
      for (const till of tills) inboxes.get(till)?.pump();
      if (writtenBytes >= CHECKPOINT_BYTES) deps.endOfTurn(checkpoint);
    },
    failed(error) {
      for (const { inbox, row } of ahead) inbox.withdraw(row);
      unread.clear();
      ahead = [];
      const before = levels;
      levels = readLevels();
      // A number that a till may have seen is not used again.
      for (const [till, { lastSeq }] of before) level(till).lastSeq = lastSeq;
      fail(error, 'a commit failed');
    },
  });

  function readLevels(): Map<string, Level> {
    return new Map(
      sql.tills().map(({ till, waiting, bytes, lastSeq }) => [till, { waiting, bytes, lastSeq }]),
    );
  }

  function level(till: string): Level {
    let found = levels.get(till);
    if (!found) {
      found = { waiting: 0, bytes: 0, lastSeq: 0 };
      levels.set(till, found);
    }
    return found;
  }

  function fail(error: unknown, message: string): void {
    const code = (error as { code?: string } | null)?.code ?? String(error);
    trouble = `The database cannot be written (${code}).`;
    log.error({ err: error }, message);
  }

  function checkpoint(): void {
    if (!db.open || writtenBytes === 0) return;
    writtenBytes = 0;
    try {
      db.pragma('wal_checkpoint(PASSIVE)');
    } catch (error) {
      fail(error, 'a checkpoint failed');
    }
  }

  async function write<T>(work: () => T): Promise<T> {
    try {
      return await commit.write(work);
    } catch (error) {
      throw new MailboxAway('The mailbox cannot be written.', { cause: error });
    }
  }

  function removed(till: string, seq: number): void {
    const gone = sql.remove(till, seq);
    if (!gone) return;
    // Anyone may post trials, and the till acknowledges all: their ids would fill the disk.
    if (gone.channel === 'test') sql.unsee(till, gone.id);
    writtenBytes += PAGES_OF_REMOVAL;
    const at = level(till);
    at.waiting -= 1;
    at.bytes -= gone.bytes;
  }

  /** It becomes a dead letter; a notification with its id is a new one from now on. */
  function die(till: string, seq: number, reason: string): void {
    const id = sql.bury(till, seq, reason, clock.nowMs(), limits.deadMax);
    if (id === undefined) return;
    sql.unsee(till, id);
    removed(till, seq);
  }

  function take(notification: Notification): 'stored' | 'repeated' | 'full' {
    const { till, id, body } = notification;
    const at = level(till);
    if (!sql.markSeen(till, id, clock.nowMs(), at.lastSeq + 1)) {
      const unjudged = sql.unjudged(till, id);
      if (!unjudged || unjudged.equals(body)) return 'repeated';
      return take({ ...notification, id: otherBytesId(id, body) });
    }
    if (at.waiting >= limits.waitingMax || at.bytes + body.length > limits.waitingBytesMax) {
      sql.unsee(till, id);
      return 'full';
    }
    at.lastSeq += 1;
    at.waiting += 1;
    at.bytes += body.length;
    handAhead({ seq: at.lastSeq, notification });
    sql.insert(notification, at.lastSeq);
    writtenBytes += body.length + PAGES_OF_PUT;
    return 'stored';
  }

  /**
   * The till judges and keeps it while this disk is still at it: a notification that the relay then loses was not
   * answered well, and comes again.
   */
  function handAhead(row: Outgoing): void {
    const { till } = row.notification;
    const inbox = inboxes.get(till);
    if (!inbox || unread.has(till)) return;
    if (inbox.handAhead(row)) ahead.push({ inbox, row });
    else unread.add(till);
  }

  function end(till: string, why?: InboxEnd): void {
    inboxes.get(till)?.end(why);
    inboxes.delete(till);
  }

  return {
    prepare: async () => {},

    async put(notification) {
      const store = () => write(() => take(notification));
      const result = await store();
      if (result !== 'full') return result;
      // Acknowledgements that have not been written yet may make room.
      commit.flush();
      return await store();
    },

    async open(till, after): Promise<Inbox> {
      end(till, 'taken_over');
      // What was acknowledged in this turn is not sent again.
      commit.flush();
      if (after?.epoch === epoch) {
        await write(() => {
          for (const seq of sql.upTo(till, after.seq)) removed(till, seq);
        });
      }
      // Another one may have been opened while this one waited for the disk.
      end(till, 'taken_over');
      const inbox = createSqliteInbox({
        epoch,
        limits,
        read: (from, count) => sql.next(till, from, count),
        // If one of these is lost, the delivery is only sent once more.
        acked: (seq) => commit.writeLater(() => removed(till, seq)),
        rejected(seq, reason) {
          commit.writeLater(() => die(till, seq, reason));
          // The genuine one, under the same id, may come at any moment.
          commit.flush();
        },
        returned: (seqs) =>
          commit.writeLater(() => {
            for (const seq of seqs)
              if (sql.returned(till, seq) >= limits.returnsMax) die(till, seq, 'undeliverable');
          }),
        failed: (error) => fail(error, 'a mailbox cannot be read'),
        closed() {
          if (inboxes.get(till) === inbox) inboxes.delete(till);
        },
      });
      inboxes.set(till, inbox);
      return inbox;
    },

    async backlog(till) {
      commit.flush();
      const waiting = levels.get(till)?.waiting ?? 0;
      return { waiting, oldestMs: sql.oldestMs(till), dead: sql.deadCount(till) };
    },

    async deadLetters(till, limit) {
      commit.flush();
      return sql.deadOf(till, limit);
    },

    replay: (till, id) =>
      write(() => {
        const risen = sql.exhume(till, id).sort((a, b) => a.receivedMs - b.receivedMs);
        const at = level(till);
        for (const notification of risen) {
          at.lastSeq += 1;
          at.waiting += 1;
          at.bytes += notification.body.length;
          // Retention counts from now on: what was replayed has its full time again.
          sql.insert(notification, at.lastSeq);
          sql.markSeen(till, notification.id, clock.nowMs(), at.lastSeq);
        }
        if (inboxes.has(till)) unread.add(till);
        return risen.length;
      }),

    async forget(till) {
      end(till, 'taken_over');
      await write(() => {
        sql.drop(till);
        levels.delete(till);
      });
    },

    async sweep() {
      const now = clock.nowMs();
      await write(() => {
        for (const { till, seq } of sql.expired(now - limits.keepMs, SWEEP_MAX)) die(till, seq, 'expired');
        sql.forgetDead(now - limits.keepMs);
        sql.forgetSeen(now - SEEN_KEPT_MS);
      });
      checkpoint();
    },

    trouble: () => trouble,

    async close() {
      for (const till of [...inboxes.keys()]) end(till, 'unavailable');
      commit.flush();
    },
  };
}
