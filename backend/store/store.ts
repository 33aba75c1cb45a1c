import { type EndOfTurn, systemEndOfTurn } from '../../ports/turn.ts';
import { type By, byTill } from '../domain/actor.ts';
import { cashierOf } from '../domain/cashier.ts';
import { type BillsTable, billsTable } from './bills.ts';
import { type ChargesTable, chargesTable } from './charges.ts';
import { type ClaimsToldTable, claimsToldTable } from './claims-told.ts';
import { asStorageError, type Db, isStorageFault, type StorageError } from './database.ts';
import { type EventsTable, eventsTable, type NewEvent, type StoredEvent } from './events.ts';
import { type ExchangesTable, exchangesTable } from './exchanges.ts';
import { type Fence, type FencesTable, fencesTable } from './fences.ts';
import { createGroupCommit } from './group-commit.ts';
import { entryOf, type JournalEntry } from './journal.ts';
import { type OrdersTable, ordersTable } from './orders.ts';
import { type OutboxTable, outboxTable } from './outbox.ts';
import { type PeopleTable, peopleTable } from './people.ts';
import { type PolicyTable, policyTable } from './policy.ts';
import { type RefundsTable, refundsTable } from './refunds.ts';
import { type RelayTable, relayTable } from './relay.ts';
import { type RestoredTable, restoredTable } from './restored.ts';
import { type SessionsTable, sessionsTable } from './sessions.ts';
import { type ShiftsTable, shiftsTable } from './shifts.ts';
import { type SignInsTable, signInsTable } from './sign-ins.ts';
import { type TakingsTable, takingsTable } from './takings.ts';
import { type TillTable, tillTable } from './till.ts';
import { type TradesTable, tradesTable } from './trades.ts';

/** Everything that is kept, one repository per table, and the one way to write: a transaction. */
export interface Store {
  till: TillTable;
  orders: OrdersTable;
  charges: ChargesTable;
  trades: TradesTable;
  refunds: RefundsTable;
  events: Omit<EventsTable, 'append'> & {
    /** Writes the event as the next link of the chain, by whom the running transaction is. */
    append(event: NewEvent): void;
  };
  exchanges: ExchangesTable;
  outbox: OutboxTable;
  sessions: SessionsTable;
  people: PeopleTable;
  signIns: SignInsTable;
  policy: PolicyTable;
  fences: FencesTable;
  claimsTold: ClaimsToldTable;
  relay: RelayTable;
  restored: RestoredTable;
  bills: BillsTable;
  shifts: ShiftsTable;
  takings: TakingsTable;
  /**
   * Runs `work` in one transaction, committed (and on disk) when it returns. Throws `StorageError` when
   * the disk refuses, with nothing written; what `work` itself throws passes through, with nothing written. With a
   * fence, throws `StaleHold`, with nothing written, when the writer has lost the order's lock. Its events are
   * `by` whom it says; within another transaction, by whom that one is; else by the till itself. Within another one
   * it is a part of it: when it throws, the whole is taken back, whatever becomes of what it threw.
   */
  transact<T>(work: () => T, as?: Writer): T;
  /**
   * Like `transact`, but together with the other works of this turn; resolves once all are on disk. A work
   * that throws takes back only its own writes; one may be run twice, after its first writes were taken back.
   */
  transactSoon<T>(work: () => T, as?: Writer): Promise<T>;
  /** Moves the write-ahead log into the database file without waiting for readers. Throws `StorageError`. */
  checkpoint(): void;
  /** Changes whenever another connection has committed to the database. */
  dataVersion(): number;
}

/** In whose name, and under which lock, something is written. */
export interface Writer {
  by?: By | undefined;
  fence?: Fence | undefined;
}

/** What the keeper of the disk hears of. */
export interface StoreHooks {
  /** A transaction that the disk refused. */
  onFault(error: StorageError): void;
  /** A transaction that is on disk, with what a backup made before it does not know. */
  onCommit(written: readonly JournalEntry[]): void;
  /** What a transaction says that happened, at its end: what is written now is committed with it. */
  beforeCommit?: (events: readonly StoredEvent[]) => void;
}

const TILL = byTill();

/** As SQLite's LIMIT has it. */
const ALL = -1;

const NOBODY: StoreHooks = { onFault() {}, onCommit() {} };

/** `isLeased`: the order locks are leases in this very database. */
export function createStore(
  db: Db,
  hooks: StoreHooks = NOBODY,
  isLeased = false,
  endOfTurn: EndOfTurn = systemEndOfTurn,
): Store {
  const fences = fencesTable(db, isLeased);
  const outermost = db.transaction(followed).immediate;
  const saved = db.transaction(passed);
  const events = eventsTable(db);
  /** Written by the running transaction. */
  let written: JournalEntry[] = [];
  /** The position of its first event; null as long as it has none. */
  let told: number | null = null;
  /** Of the running transaction. */
  let running: By = TILL;
  /** What a part of the running transaction, or savepoint, threw. */
  let failed: { error: unknown } | null = null;

  function transact<T>(work: () => T, { by, fence }: Writer = {}): T {
    if (db.inTransaction) return part(by ?? running, work, fence);
    written = [];
    told = null;
    const result = guarded(() => outermost(by ?? TILL, work, fence) as T);
    // The ledger's head goes along, so that where it had come to is known elsewhere.
    if (written.length > 0 && told !== null) written.push(entryOf.head(events.head()));
    hooks.onCommit(written);
    return result;
  }

  /** Lets what `work` says that happened be followed by what follows from it. */
  function followed(by: By, work: () => unknown, fence?: Fence): unknown {
    const result = passed(by, work, fence);
    if (told !== null) hooks.beforeCommit?.(events.after(told - 1, ALL));
    return result;
  }

  /** A part of the running transaction: when it throws, nothing of the whole is written, whoever hears of it. */
  function part<T>(by: By, work: () => T, fence?: Fence): T {
    try {
      return within(by, work, fence);
    } catch (error) {
      failed = { error };
      throw error;
    }
  }

  /** A whole transaction, or savepoint, as far as {@link within} goes. */
  function passed(by: By, work: () => unknown, fence?: Fence): unknown {
    failed = null;
    try {
      const result = within(by, work, fence);
      if (failed !== null) throw (failed as { error: unknown }).error;
      return result;
    } finally {
      failed = null;
    }
  }

  /** Runs `work`, whose events are `by` somebody, if its writer still holds what it writes under. */
  function within<T>(by: By, work: () => T, fence?: Fence): T {
    if (fence) fences.pass(fence);
    const outer = running;
    running = by;
    try {
      return work();
    } finally {
      running = outer;
    }
  }

  function savepoint<T>(by: By, work: () => T, fence?: Fence): T {
    const before = written.length;
    try {
      return saved(by, work, fence) as T;
    } catch (error) {
      written.length = before;
      throw error;
    }
  }

  /** The table, with what a write of it adds to the journal. */
  function noted<T extends object, K extends keyof T, A>(
    table: T,
    method: K & (T[K] extends (row: A) => void ? K : never),
    entry: (row: A) => JournalEntry,
  ): T {
    const write = table[method] as (row: A) => void;
    return {
      ...table,
      [method](row: A) {
        write(row);
        written.push(entry(row));
      },
    };
  }

  function guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!isStorageFault(error)) throw error;
      const fault = asStorageError(error);
      hooks.onFault(fault);
      throw fault;
    }
  }

  const groupCommit = createGroupCommit({ transact, savepoint, endOfTurn });

  return {
    till: tillTable(db),
    orders: noted(noted(ordersTable(db), 'insert', entryOf.order), 'markCancelled', (orderNo: string) => ({
      kind: 'order_cancelled',
      orderNo,
    })),
    charges: noted(chargesTable(db), 'insert', entryOf.charge),
    trades: noted(
      tradesTable(db, () => cashierOf(running.actor)),
      'insert',
      entryOf.trade,
    ),
    refunds: noted(noted(refundsTable(db), 'insert', entryOf.refund), 'free', entryOf.refundFreed),
    events: {
      ...events,
      append(event) {
        const seq = events.append(event, running);
        told ??= seq;
      },
    },
    exchanges: exchangesTable(db),
    outbox: outboxTable(db),
    sessions: sessionsTable(db),
    people: peopleTable(db),
    signIns: signInsTable(db),
    policy: policyTable(db),
    fences,
    claimsTold: claimsToldTable(db),
    relay: relayTable(db),
    restored: restoredTable(db),
    bills: billsTable(db),
    shifts: shiftsTable(db),
    takings: takingsTable(db),
    transact,
    transactSoon: (work, { by = TILL, fence } = {}) => groupCommit(by, work, fence),
    checkpoint: () => guarded(() => void db.pragma('wal_checkpoint(PASSIVE)')),
    dataVersion: () => db.pragma('data_version', { simple: true }) as number,
  };
}
