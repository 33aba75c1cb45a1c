import type { Step } from '../domain/trade.ts';
import type { Db } from './database.ts';
import {
  entryOf,
  type OutboxEntry,
  type OutboxQueue,
  type OutboxRow,
  type ParkedWhy,
} from './outbox-entry.ts';
import { asPage, type Page, type PageQuery, readCursor } from './page.ts';

/** Who carries an entry out, and until when (ms since the epoch) nobody else may. */
export interface Lease {
  holder: string;
  untilMs: number;
}

/** Which entries are looked at: those that are free at `nowMs`, without those that the asker has under way itself. */
interface Free {
  nowMs: number;
  underWay: ReadonlySet<number>;
}

/** What a try brought, as it is kept with the entry; the lease ends with it. */
export interface Tried {
  kind: OutboxEntry['kind'];
  priority: 0 | 1;
  dueAtMs: number;
  attempts: number;
  puzzles: number;
  park: ParkedWhy | null;
  outcome: string;
  atMs: number;
  /** False: nothing came that could be believed. */
  answered: boolean;
}

const DIALOGUE = "kind IN ('open', 'query', 'close', 'cancel')";
/**
 * May be carried out: nobody does just now, here or elsewhere, and nothing older of its lane is unfinished. The casts, here and below,
 * are for speed: SQLite plans a statement anew at every use when its plan may depend on a bare parameter's value.
 */
const FREE = `o.state = 'due' AND (o.lease_until_ms IS NULL OR o.lease_until_ms <= CAST(:nowMs AS INTEGER))
  AND o.entry_id NOT IN (SELECT value FROM json_each(:underWay))
  AND NOT EXISTS (SELECT 1 FROM outbox older
    WHERE older.lane = o.lane AND older.entry_id < o.entry_id AND older.state <> 'set_aside')`;
const QUEUED = 'o.queue = CAST(:queue AS TEXT) AND o.priority = CAST(:priority AS INTEGER)';
/** A first question for a code. */
const FRESH = "AND o.kind = 'open' AND o.attempts = 0";

export type OutboxTable = ReturnType<typeof outboxTable>;

/** The table `outbox`. An entry leaves it only when it is done. Call what writes inside a transaction. */
export function outboxTable(db: Db) {
  const insert = db.prepare(
    `INSERT INTO outbox (kind, queue, lane, order_no, trade_no, refund_no, payload, state, parked_why, priority,
       created_at_ms, due_at_ms, lease_holder, lease_until_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const redirect = db.prepare(
    `UPDATE outbox SET kind = :kind, priority = :priority, due_at_ms = min(due_at_ms, :dueAtMs), attempts = 0,
       puzzles = 0, state = 'due', parked_why = NULL
     WHERE trade_no = :tradeNo AND ${DIALOGUE} AND state <> 'set_aside'`,
  );
  const tried = db.prepare(
    `UPDATE outbox SET kind = ?, priority = ?, due_at_ms = ?, attempts = ?, puzzles = ?, state = ?, parked_why = ?,
       last_outcome = ?, last_outcomes = json_set(last_outcomes, ?, ?), last_attempt_at_ms = ?,
       last_answer_at_ms = coalesce(?, last_answer_at_ms),
       unanswered_since_ms = CASE WHEN ? THEN NULL ELSE coalesce(unanswered_since_ms, ?) END,
       lease_holder = NULL, lease_until_ms = NULL
     WHERE entry_id = ? AND state <> 'set_aside'`,
  );
  const finishTrade = db.prepare(
    `DELETE FROM outbox WHERE trade_no = ? AND ${DIALOGUE} AND state <> 'set_aside'`,
  );
  const finishRefund = db.prepare("DELETE FROM outbox WHERE refund_no = ? AND state <> 'set_aside'");
  const finishDecision = db.prepare(
    "DELETE FROM outbox WHERE trade_no = ? AND kind = 'give_back' AND state <> 'set_aside'",
  );
  const finishFind = db.prepare(
    "DELETE FROM outbox WHERE trade_no = ? AND payload = ? AND kind = 'refund_find' AND state <> 'set_aside'",
  );
  const finish = db.prepare("DELETE FROM outbox WHERE entry_id = ? AND state <> 'set_aside'");
  const free = (which: string) =>
    db.prepare<[Record<string, unknown>], OutboxRow>(
      `SELECT * FROM outbox o WHERE ${QUEUED} AND o.due_at_ms <= CAST(:nowMs AS INTEGER)
         AND ${FREE} ${which} ORDER BY o.due_at_ms, o.entry_id LIMIT CAST(:limit AS INTEGER)`,
    );
  const freeAny = free('');
  const freeFresh = free(FRESH);
  const take = db.prepare('UPDATE outbox SET lease_holder = ?, lease_until_ms = ? WHERE entry_id = ?');
  const vanished = db.prepare(
    `UPDATE outbox SET lease_until_ms = 0, due_at_ms = :nowMs, puzzles = puzzles + 1,
       state = CASE WHEN puzzles + 1 >= :most THEN 'parked' ELSE state END,
       parked_why = CASE WHEN puzzles + 1 >= :most THEN 'not_understood' ELSE parked_why END
     WHERE entry_id = :entryId AND lease_holder IS NOT NULL`,
  );
  const release = db.prepare(
    'UPDATE outbox SET lease_holder = NULL, lease_until_ms = NULL, due_at_ms = ? WHERE entry_id = ?',
  );
  const next = (which: string) =>
    db
      .prepare<[Record<string, unknown>], number>(
        `SELECT o.due_at_ms FROM outbox o WHERE ${QUEUED} AND ${FREE} ${which}
         ORDER BY o.due_at_ms, o.entry_id LIMIT 1`,
      )
      .pluck();
  const nextAny = next('');
  const nextFresh = next(FRESH);
  const nextLeaseEnd = db
    .prepare<[], number | null>('SELECT min(lease_until_ms) FROM outbox WHERE lease_holder IS NOT NULL')
    .pluck();
  const expireLeases = db.prepare('UPDATE outbox SET lease_until_ms = 0 WHERE lease_holder IS NOT NULL');
  const nearer = db.prepare(
    "UPDATE outbox SET due_at_ms = :nowMs WHERE state = 'due' AND due_at_ms > :nowMs + :mostMs",
  );
  const stopWaiting = db.prepare(
    "UPDATE outbox SET priority = 1 WHERE state = 'due' AND priority = 0 AND due_at_ms < ?",
  );
  const hurry = db.prepare(
    `UPDATE outbox SET due_at_ms = :nowMs WHERE trade_no = :tradeNo AND ${DIALOGUE}
       AND state = 'due' AND lease_holder IS NULL AND due_at_ms > :nowMs`,
  );
  const revive = db.prepare(
    `UPDATE outbox SET state = 'due', kind = 'query', priority = 1, due_at_ms = :nowMs, attempts = 0, puzzles = 0,
       parked_why = NULL, set_aside_at_ms = NULL, set_aside_reason = NULL
     WHERE trade_no = :tradeNo AND ${DIALOGUE} AND state <> 'due'`,
  );
  const ofTrade = db.prepare<[string], OutboxRow>(`SELECT * FROM outbox WHERE trade_no = ? AND ${DIALOGUE}`);
  const hurryRefund = db.prepare(
    `UPDATE outbox SET due_at_ms = :nowMs, state = 'due', parked_why = NULL
     WHERE refund_no = :refundNo AND state <> 'set_aside' AND lease_holder IS NULL
       AND (due_at_ms > :nowMs OR state = 'parked')`,
  );
  const ofRefund = db.prepare<[string], OutboxRow>(
    "SELECT * FROM outbox WHERE refund_no = ? ORDER BY state = 'set_aside', entry_id DESC LIMIT 1",
  );
  const decision = db.prepare<[string], OutboxRow>(
    "SELECT * FROM outbox WHERE trade_no = ? AND kind = 'give_back' AND state <> 'set_aside'",
  );
  const finds = db.prepare<[string], OutboxRow>(
    "SELECT * FROM outbox WHERE trade_no = ? AND kind = 'refund_find' AND state <> 'set_aside'",
  );
  const byId = db.prepare<[number], OutboxRow>('SELECT * FROM outbox WHERE entry_id = ?');
  const list = db.prepare<[Record<string, unknown>], OutboxRow>(
    'SELECT * FROM outbox WHERE state = :state AND entry_id > :after ORDER BY entry_id LIMIT :limit',
  );
  const retry = db.prepare(
    `UPDATE outbox SET state = 'due', parked_why = NULL, puzzles = 0, attempts = 0, due_at_ms = ?
     WHERE entry_id = ? AND state = 'parked'`,
  );
  const setAside = db.prepare(
    `UPDATE outbox SET state = 'set_aside', set_aside_at_ms = ?, set_aside_reason = ?,
       lease_holder = NULL, lease_until_ms = NULL
     WHERE entry_id = ? AND state = 'parked'`,
  );
  const unanswered = db.prepare<[], { count: number; oldest: number | null; next: number | null }>(
    `SELECT count(*) AS count, min(unanswered_since_ms) AS oldest, min(due_at_ms) AS next FROM outbox
     WHERE unanswered_since_ms IS NOT NULL AND state = 'due'`,
  );
  const parked = db
    .prepare<[], number>("SELECT count(*) FROM outbox WHERE state = 'parked' AND kind <> 'give_back'")
    .pluck();
  const refunds = db
    .prepare<[], number>("SELECT count(*) FROM outbox WHERE kind = 'give_back' AND state = 'parked'")
    .pluck();
  const refunding = db
    .prepare<[], number>(
      "SELECT count(*) FROM outbox WHERE kind IN ('refund', 'refund_query') AND state = 'due'",
    )
    .pluck();
  const due = db.prepare<[], number>("SELECT count(*) FROM outbox WHERE state = 'due'").pluck();
  const anyDue = db.prepare<[], number>("SELECT EXISTS (SELECT 1 FROM outbox WHERE state = 'due')").pluck();

  return {
    /** Writes an entry, already leased where it is carried out as soon as it is committed. Returns its id. */
    add(
      entry: Pick<
        OutboxEntry,
        'kind' | 'queue' | 'lane' | 'orderNo' | 'tradeNo' | 'payload' | 'why' | 'priority'
      > & { refundNo?: string },
      nowMs: number,
      lease: Lease | null = null,
    ): number {
      const state = entry.why === null ? 'due' : 'parked';
      const { kind, queue, lane, orderNo, tradeNo, refundNo = null, payload, why, priority } = entry;
      const { holder = null, untilMs = null } = lease ?? {};
      const { lastInsertRowid } = insert.run(
        kind,
        queue,
        lane,
        orderNo,
        tradeNo,
        refundNo,
        payload,
        state,
        why,
        priority,
        nowMs,
        nowMs,
        holder,
        untilMs,
      );
      return Number(lastInsertRowid);
    },
    /**
     * Changes what a trade's wallet is asked next, and asks it at `dueAtMs`, or before when it was due before.
     * A question under way goes on.
     */
    redirect(tradeNo: string, kind: Step, priority: 0 | 1, dueAtMs: number): void {
      redirect.run({ tradeNo, kind, priority, dueAtMs });
    },
    /** Keeps what a try brought. `asked` is what was asked, which a change meanwhile may have replaced. */
    tried(entryId: number, asked: OutboxEntry['kind'], result: Tried): void {
      const { kind, priority, dueAtMs, attempts, puzzles, park, outcome, atMs } = result;
      const [answered, answeredAtMs] = result.answered ? [1, atMs] : [0, null];
      tried.run(
        kind,
        priority,
        dueAtMs,
        attempts,
        puzzles,
        park === null ? 'due' : 'parked',
        park,
        outcome,
        `$.${asked}`,
        outcome,
        atMs,
        answeredAtMs,
        answered,
        atMs,
        entryId,
      );
    },
    /** The trade needs nothing more of its wallet. */
    finishTrade(tradeNo: string): void {
      finishTrade.run(tradeNo);
    },
    /** The refund needs nothing more of its wallet. */
    finishRefund(refundNo: string): void {
      finishRefund.run(refundNo);
    },
    /** Whether the payment goes back is decided. */
    finishDecision(tradeNo: string): void {
      finishDecision.run(tradeNo);
    },
    /** A refund that was not known here is looked for no more under this number. */
    finishFind(tradeNo: string, number: string): void {
      finishFind.run(tradeNo, number);
    },
    finish(entryId: number): void {
      finish.run(entryId);
    },
    /**
     * Takes up to `limit` entries of a queue that are due, for `holder` alone until `untilMs`: those that a
     * customer waits for first, then the longest due, of those that can wait `waitingMax`. `freshOnly`: only
     * first questions for a code.
     */
    lease(
      queue: OutboxQueue,
      at: Lease & Free & { limit: number; waitingMax: number; freshOnly: boolean },
    ): OutboxEntry[] {
      const rows: OutboxRow[] = [];
      const free = bound(at);
      const select = at.freshOnly ? freeFresh : freeAny;
      for (const priority of [0, 1]) {
        const limit = Math.min(at.limit - rows.length, priority === 0 ? at.limit : at.waitingMax);
        if (limit > 0) rows.push(...select.all({ ...free, queue, priority, limit }));
      }
      for (const row of rows) take.run(at.holder, at.untilMs, row.entry_id);
      return rows.map(entryOf);
    },
    /**
     * What a try brought was lost: the entry is free, and known to have been interrupted. After `most` such
     * losses in a row it is parked.
     */
    interrupted(entryId: number, nowMs: number, most: number): void {
      vanished.run({ entryId, nowMs, most });
    },
    /** Gives an entry back untried, due again at `dueAtMs`. */
    release(entryId: number, dueAtMs: number): void {
      release.run(dueAtMs, entryId);
    },
    /** When the next free entry of a queue and priority is due; null when none is. */
    nextDueMs(queue: OutboxQueue, priority: 0 | 1, at: Free): number | null {
      return nextAny.get({ ...bound(at), queue, priority }) ?? null;
    },
    /** When the next first question for a code is due; null when none is. */
    nextFreshMs(queue: OutboxQueue, at: Free): number | null {
      const free = bound(at);
      const times = [0, 1].flatMap((priority) => nextFresh.get({ ...free, queue, priority }) ?? []);
      return times.length === 0 ? null : Math.min(...times);
    },
    /** Nobody waits any more for what has been due since before `sinceMs`. */
    stopWaiting(sinceMs: number): void {
      stopWaiting.run(sinceMs);
    },
    /** When the first lease ends; null when nothing is under way anywhere. */
    nextLeaseEndMs(): number | null {
      return nextLeaseEnd.get() ?? null;
    },
    /** Whoever held leases on this data is gone. */
    expireLeases(): void {
      expireLeases.run();
    },
    /** No pause is longer than `mostMs`: a due time beyond was written by a clock that was ahead. */
    bringNearer(nowMs: number, mostMs: number): void {
      nearer.run({ nowMs, mostMs });
    },
    hurry(tradeNo: string, nowMs: number): void {
      hurry.run({ tradeNo, nowMs });
    },
    /** Takes up the dialogue with a trade's wallet again that was parked or ended by hand. */
    revive(tradeNo: string, nowMs: number): void {
      revive.run({ tradeNo, nowMs });
    },
    /** The dialogue with a trade's wallet; undefined when it is over. */
    ofTrade(tradeNo: string): OutboxEntry | undefined {
      const row = ofTrade.get(tradeNo);
      return row && entryOf(row);
    },
    /** Asks about a refund now, also one that waits for a person; a question under way goes on. */
    hurryRefund(refundNo: string, nowMs: number): void {
      hurryRefund.run({ refundNo, nowMs });
    },
    /** The dialogue about a refund, also one that was ended by hand; undefined when it is over. */
    ofRefund(refundNo: string): OutboxEntry | undefined {
      const row = ofRefund.get(refundNo);
      return row && entryOf(row);
    },
    /** The open question whether a payment goes back. */
    decisionAbout(tradeNo: string): OutboxEntry | undefined {
      const row = decision.get(tradeNo);
      return row && entryOf(row);
    },
    /** The searches for refunds of the trade that are not known here. */
    findsOf(tradeNo: string): OutboxEntry[] {
      return finds.all(tradeNo).map(entryOf);
    },
    byId(entryId: number): OutboxEntry | undefined {
      const row = byId.get(entryId);
      return row && entryOf(row);
    },
    /** Oldest first. */
    list(filter: { state: OutboxEntry['state'] } & PageQuery): Page<OutboxEntry> {
      const after = filter.cursor === undefined ? 0 : Number(readCursor(filter.cursor).beforeMs);
      const rows = list.all({ state: filter.state, after, limit: filter.limit + 1 });
      return asPage(rows.map(entryOf), filter.limit, ({ entryId }) => ({ ms: entryId, key: 'entry' }));
    },
    /** Lets the machine go on with a parked entry. */
    retry(entryId: number, nowMs: number): void {
      retry.run(nowMs, entryId);
    },
    /** Ends a parked entry by hand; the row stays. */
    setAside(entryId: number, nowMs: number, reason: string): void {
      setAside.run(nowMs, reason, entryId);
    },
    /** Whether anything is still to be carried out. */
    anyDue(): boolean {
      return anyDue.get() === 1;
    },
    counts(): {
      due: number;
      unanswered: number;
      oldestMs: number | null;
      /** When the next unanswered one is due. */
      nextUnansweredMs: number | null;
      parked: number;
      refundsDue: number;
      refunding: number;
    } {
      const silent = unanswered.get();
      return {
        due: due.get() ?? 0,
        unanswered: silent?.count ?? 0,
        oldestMs: silent?.oldest ?? null,
        nextUnansweredMs: silent?.next ?? null,
        parked: parked.get() ?? 0,
        refundsDue: refunds.get() ?? 0,
        refunding: refunding.get() ?? 0,
      };
    },
  };
}

function bound({ nowMs, underWay }: Free): { nowMs: number; underWay: string } {
  return { nowMs, underWay: JSON.stringify([...underWay]) };
}
