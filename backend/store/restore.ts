import { copyFileSync, existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { byTill } from '../domain/actor.ts';
import { fen } from '../domain/money.ts';
import { readNumber } from '../domain/numbers.ts';
import type { Order } from '../domain/order.ts';
import { isEnded, type Refund, type RefundState } from '../domain/refund.ts';
import { newTrade, type Trade } from '../domain/trade.ts';
import { type BackupFile, listBackups, soundCopy, syncFile, syncFolder } from './backup-files.ts';
import {
  asStorageError,
  DATABASE_FILE,
  type Db,
  holdFolder,
  migrate,
  migrations,
  RESTORING_FILE,
  tillIdOf,
} from './database.ts';
import { chargeStarted, happened, type LedgerHead, type NewEvent, orderCreated } from './events.ts';
import { type JournalEntry, readJournals } from './journal.ts';
import { headOf, lastHead, ledgerRestored } from './ledger-restored.ts';
import { createStore, type Store } from './store.ts';

/** A backup as a person chooses among them. */
export interface FoundBackup extends BackupFile {
  tillId: string;
}

/** The backups of every till under `dir`, newest first. Throws what the file system throws. */
export function findBackups(dir: string): FoundBackup[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => listBackups(join(dir, name)).map((file) => ({ ...file, tillId: name })))
    .sort((a, b) => b.atMs - a.atMs);
}

/** What a backup holds. Throws `StorageError` when it cannot be read. */
export function lookInto(path: string): { orders: number; trades: number; unfinished: number } {
  const db = new Database(path, { readonly: true, fileMustExist: true });
  try {
    const count = (sql: string) => db.prepare<[], number>(sql).pluck().get() ?? 0;
    return {
      orders: count('SELECT count(*) FROM orders'),
      trades: count('SELECT count(*) FROM trades'),
      unfinished: count("SELECT count(*) FROM trades WHERE state NOT IN ('paid', 'closed', 'failed')"),
    };
  } catch (error) {
    throw asStorageError(error, path);
  } finally {
    db.close();
  }
}

export interface Restored {
  /** Trades that the backup did not know; the wallets are asked about them. */
  newer: number;
  /** All trades that their wallets must answer before anything new is charged. */
  toAsk: number;
  /** Lines of the journal that could not be read: torn by the power cut, or damaged. */
  unreadable: number;
  /** Where the database that was there before now lies; null when there was none. */
  keptAside: string | null;
}

/**
 * Puts `backup` in the place of the database in `dir`, with everything of the journals beside it that the
 * backup does not know. What was there is kept aside under another name. Safe to repeat: until the last
 * rename the till refuses to start. Throws `StorageError`.
 */
export function restore(dir: string, backup: string, nowMs: number): Restored {
  const hold = holdFolder(dir);
  try {
    const prepared = join(dir, RESTORING_FILE);
    const discard = () => {
      for (const suffix of SUFFIXES) rmSync(prepared + suffix, { force: true });
    };
    discard();
    const replayed = prepareOr(
      discard,
      { backup, prepared, before: headOf(join(dir, DATABASE_FILE)) },
      nowMs,
    );
    syncFile(prepared);
    syncFolder(dir);
    const keptAside = setAside(dir, nowMs);
    renameSync(prepared, join(dir, DATABASE_FILE));
    syncFolder(dir);
    return { ...replayed, keptAside };
  } catch (error) {
    throw asStorageError(error, dir);
  } finally {
    hold.close();
  }
}

/** A database and what SQLite keeps beside it. The log goes first: it must never meet another database. */
const SUFFIXES = ['-wal', '-shm', '-journal', ''];

function setAside(dir: string, nowMs: number): string | null {
  const from = join(dir, DATABASE_FILE);
  const stamp = new Date(nowMs).toISOString().replace(/[-:.]/g, '');
  const to = join(dir, `till.before-restore-${stamp}.sqlite`);
  for (const suffix of SUFFIXES) if (existsSync(from + suffix)) renameSync(from + suffix, to + suffix);
  syncFolder(dir);
  return existsSync(to) ? to : null;
}

/** Nothing was moved yet: when the copy cannot be made, the till is as it was. */
function prepareOr(
  discard: () => void,
  { backup, prepared, before }: { backup: string; prepared: string; before: LedgerHead | null },
  nowMs: number,
): Omit<Restored, 'keptAside'> {
  try {
    copyFileSync(backup, prepared);
    return prepare(prepared, dirname(backup), before, nowMs);
  } catch (error) {
    discard();
    throw error;
  }
}

function prepare(
  path: string,
  journals: string,
  before: LedgerHead | null,
  nowMs: number,
): Omit<Restored, 'keptAside'> {
  soundCopy(path, 'integrity_check');
  const db = new Database(path);
  try {
    db.pragma('foreign_keys = ON');
    db.pragma('synchronous = FULL');
    migrate(db, migrations());
    const { entries, unreadable } = readJournals(journals);
    return { ...replay(db, entries, nowMs, before), unreadable };
  } finally {
    db.close();
  }
}

/** Positions of the event stream given out after the backup are lost: no till makes so many in a day. */
const POSITIONS_SKIPPED = 1_000_000;

/**
 * Writes what the journal knows and the database does not: trades as ones whose creation nobody answered,
 * so that the wallet is asked before anything else. Then every unfinished trade must be answered once. The ledger
 * goes on with an event that says from where, and how far it had come `before`, or by the journal's last word.
 */
export function replay(
  db: Db,
  entries: readonly JournalEntry[],
  nowMs: number,
  before: LedgerHead | null = null,
): { newer: number; toAsk: number } {
  const store = createStore(db);
  const tillId = tillIdOf(db);
  return store.transact(
    () => {
      let mark = store.till.numbers();
      const pass = (number: string) => {
        const read = readNumber(number);
        if (read?.tillId !== tillId || !read) return;
        if (read.second > mark.second || (read.second === mark.second && read.count > mark.count))
          mark = read;
      };
      db.prepare("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'events'").run(POSITIONS_SKIPPED);
      store.events.append(ledgerRestored(store.events.head(), before ?? lastHead(entries), nowMs));
      let newer = 0;
      for (const entry of entries) {
        if (entry.kind === 'head') continue;
        if (entry.kind === 'order_cancelled') {
          cancelOrder(store, entry.orderNo, nowMs);
          continue;
        }
        if (entry.kind === 'refund_freed') {
          freeRefund(store, entry, nowMs);
          continue;
        }
        pass(entry.orderNo);
        if (entry.kind === 'order') addOrder(store, entry);
        else if (entry.kind === 'charge') addCharge(store, db, entry, pass);
        else if (entry.kind === 'refund') addRefund(store, entry, pass, nowMs);
        else if (addTrade(store, entry, pass, nowMs)) newer += 1;
      }
      lookUpRefunds(store, db, nowMs);
      // Numbers of the last moments may be in no journal; their second is over.
      const now = Math.floor(nowMs / 1_000);
      store.till.setNumbers(now > mark.second ? { second: now, count: 0 } : mark);
      endEmptyCharges(db, nowMs);
      // An answer of before the backup is none about what came after it; what was parked is asked once more.
      db.exec(`DELETE FROM restored_trades;
      UPDATE outbox SET last_answer_at_ms = NULL, state = 'due', parked_why = NULL, puzzles = 0
        WHERE kind IN ('open', 'query', 'close', 'cancel') AND state <> 'set_aside';
      INSERT INTO restored_trades
        SELECT trade_no FROM outbox WHERE kind IN ('open', 'query', 'close', 'cancel') AND state <> 'set_aside'`);
      return { newer, toAsk: store.restored.waiting().length };
    },
    { by: byTill('restore') },
  );
}

function cancelOrder(store: Store, orderNo: string, nowMs: number): void {
  if (store.orders.byNo(orderNo)?.state !== 'open') return;
  store.orders.markCancelled(orderNo);
  store.events.append(happened('order.cancelled', orderNo, nowMs));
}

type Of<K extends JournalEntry['kind']> = Extract<JournalEntry, { kind: K }>;

function addOrder(store: Store, { kind: _kind, ...order }: Of<'order'>): void {
  if (store.orders.byNo(order.orderNo)) return;
  const restored: Order = { ...order, amountFen: fen(order.amountFen), state: 'open', paidAtMs: null };
  store.orders.insert(restored);
  store.events.append(orderCreated(restored));
}

/** The order's earlier charge had ended when this one began; how, its trades are asked. */
function addCharge(
  store: Store,
  db: Db,
  { kind: _kind, ...charge }: Of<'charge'>,
  pass: (number: string) => void,
): void {
  pass(charge.chargeId);
  if (store.charges.byId(charge.chargeId) || !store.orders.byNo(charge.orderNo)) return;
  db.prepare('UPDATE charges SET ended_at_ms = ? WHERE order_no = ? AND ended_at_ms IS NULL').run(
    charge.createdAtMs,
    charge.orderNo,
  );
  const restored = { ...charge, endedAtMs: null };
  store.charges.insert(restored);
  store.events.append(chargeStarted(restored, []));
}

function addTrade(
  store: Store,
  { kind: _kind, ...trade }: Of<'trade'>,
  pass: (number: string) => void,
  nowMs: number,
): boolean {
  pass(trade.tradeNo);
  if (store.trades.byNo(trade.tradeNo) || !store.charges.byId(trade.chargeId)) return false;
  store.trades.insert(asRestored(trade));
  const { channel, tradeNo, orderNo, chargeId, amountFen } = trade;
  store.events.append({
    atMs: nowMs,
    type: 'trade.restored',
    orderNo,
    tradeNo,
    fromState: null,
    toState: null,
    what: null,
    data: { chargeId, channel, amountFen },
  });
  store.outbox.add(
    {
      kind: 'query',
      queue: channel,
      lane: tradeNo,
      orderNo,
      tradeNo,
      payload: null,
      why: null,
      priority: 0,
    },
    nowMs,
  );
  return true;
}

/** A refund of which only the beginning is known may have been sent: it is looked up, under its number. */
function addRefund(
  store: Store,
  { kind: _kind, ...refund }: Of<'refund'>,
  pass: (number: string) => void,
  nowMs: number,
): void {
  pass(refund.refundNo);
  const { refundNo, tradeNo, orderNo, channel, requestedAtMs } = refund;
  const trade = store.trades.byNo(tradeNo);
  if (store.refunds.byNo(refundNo) || !trade) return;
  const { succeededFen, heldFen } = store.refunds.sums(tradeNo);
  // Only where a line of the journal is lost that freed another one's part.
  if (refund.amountFen > trade.amountFen - succeededFen - heldFen) return;
  const restored: Refund = {
    ...refund,
    amountFen: fen(refund.amountFen),
    // One that was found at the wallet is not this till's to send.
    ...(refund.origin === 'here'
      ? { state: 'asked', sends: 1, lastSentAtMs: requestedAtMs }
      : { state: 'processing', sends: 0, lastSentAtMs: null }),
    providerRefundNo: null,
    succeededAtMs: null,
    endedAtMs: null,
    unknownSinceMs: requestedAtMs,
    held: null,
    refusal: null,
    incident: null,
    setAside: null,
  };
  store.refunds.insert(restored);
  const about = { orderNo, tradeNo, refundNo };
  store.outbox.add(
    {
      ...about,
      kind: 'refund_query',
      queue: channel,
      lane: `refund:${refundNo}`,
      payload: null,
      why: null,
      priority: 1,
    },
    nowMs,
  );
  const { amountFen, state } = restored;
  store.events.append(refundRestored({ ...about, amountFen }, null, state, nowMs));
}

function freeRefund(store: Store, { refundNo, state, endedAtMs }: Of<'refund_freed'>, nowMs: number): void {
  const refund = store.refunds.byNo(refundNo);
  if (!refund || isEnded(refund.state)) return;
  store.refunds.free({ ...refund, state, endedAtMs, unknownSinceMs: null, held: null });
  store.outbox.finishRefund(refundNo);
  store.events.append(refundRestored(refund, refund.state, state, nowMs));
}

/** What waited to be sent when the backup was made may have been sent since: it is looked up before. */
function lookUpRefunds(store: Store, db: Db, nowMs: number): void {
  const queued = db.prepare<[], string>("SELECT refund_no FROM refunds WHERE state = 'queued'").pluck();
  for (const refundNo of queued.all()) {
    const refund = store.refunds.byNo(refundNo);
    if (!refund) continue;
    const { requestedAtMs } = refund;
    store.refunds.update({
      ...refund,
      state: 'asked',
      sends: 1,
      lastSentAtMs: requestedAtMs,
      unknownSinceMs: nowMs,
    });
    store.events.append(refundRestored(refund, 'queued', 'asked', nowMs));
  }
  db.exec(`UPDATE outbox SET kind = 'refund_query', state = 'due', parked_why = NULL, puzzles = 0
    WHERE refund_no IS NOT NULL AND state <> 'set_aside'`);
}

function refundRestored(
  { refundNo, tradeNo, orderNo, amountFen }: Pick<Refund, 'refundNo' | 'tradeNo' | 'orderNo' | 'amountFen'>,
  fromState: RefundState | null,
  toState: RefundState,
  nowMs: number,
): NewEvent {
  return {
    atMs: nowMs,
    type: 'refund.changed',
    orderNo,
    tradeNo,
    refundNo,
    fromState,
    toState,
    what: 'restored',
    data: { amountFen },
  };
}

/** A trade of which only the beginning is known: looked up under its number, never opened unasked. */
function asRestored(known: Omit<Of<'trade'>, 'kind'>): Trade {
  const trade = newTrade({ ...known, amountFen: fen(known.amountFen) });
  return { ...trade, unknown: { asking: 'create', sinceMs: known.createdAtMs } };
}

/** A charge whose trades the torn end of the journal lost would be live for ever. */
function endEmptyCharges(db: Db, nowMs: number): void {
  db.prepare(
    `UPDATE charges SET ended_at_ms = ? WHERE ended_at_ms IS NULL
       AND NOT EXISTS (SELECT 1 FROM trades WHERE trades.charge_id = charges.charge_id
                         AND state NOT IN ('paid', 'closed', 'failed') AND set_aside_at_ms IS NULL)`,
  ).run(nowMs);
}
