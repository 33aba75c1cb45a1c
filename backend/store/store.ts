import { type ChargesTable, chargesTable } from './charges.ts';
import { type ClaimsToldTable, claimsToldTable } from './claims-told.ts';
import { asStorageError, type Db, isStorageFault, type StorageError } from './database.ts';
import { type EventsTable, eventsTable } from './events.ts';
import { type ExchangesTable, exchangesTable } from './exchanges.ts';
import { type Fence, type FencesTable, fencesTable } from './fences.ts';
import { type OrdersTable, ordersTable } from './orders.ts';
import { type OutboxTable, outboxTable } from './outbox.ts';
import { type SessionsTable, sessionsTable } from './sessions.ts';
import { type TillTable, tillTable } from './till.ts';
import { type TradesTable, tradesTable } from './trades.ts';

/** Everything that is kept, one repository per table, and the one way to write: a transaction. */
export interface Store {
  till: TillTable;
  orders: OrdersTable;
  charges: ChargesTable;
  trades: TradesTable;
  events: EventsTable;
  exchanges: ExchangesTable;
  outbox: OutboxTable;
  sessions: SessionsTable;
  fences: FencesTable;
  claimsTold: ClaimsToldTable;
  /**
   * Runs `work` in one transaction, committed (and on disk) when it returns. Throws `StorageError` when
   * the disk refuses, with nothing written; what `work` itself throws passes through, with nothing written. With a
   * fence, throws `StaleHold`, with nothing written, when the writer has lost the order's lock.
   */
  transact<T>(work: () => T, fence?: Fence): T;
  /** Moves the write-ahead log into the database file without waiting for readers. Throws `StorageError`. */
  checkpoint(): void;
  /** Changes whenever another connection has committed to the database. */
  dataVersion(): number;
}

/** What the keeper of the disk hears of. */
export interface StoreHooks {
  /** A transaction that the disk refused. */
  onFault(error: StorageError): void;
  /** A transaction that is on disk. */
  onCommit(): void;
}

const NOBODY: StoreHooks = { onFault() {}, onCommit() {} };

/** `isLeased`: the order locks are leases in this very database. */
export function createStore(db: Db, hooks: StoreHooks = NOBODY, isLeased = false): Store {
  const fences = fencesTable(db, isLeased);
  const transaction = db.transaction((work: () => unknown, fence?: Fence) => {
    if (fence) fences.pass(fence);
    return work();
  }).immediate;

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

  return {
    till: tillTable(db),
    orders: ordersTable(db),
    charges: chargesTable(db),
    trades: tradesTable(db),
    events: eventsTable(db),
    exchanges: exchangesTable(db),
    outbox: outboxTable(db),
    sessions: sessionsTable(db),
    fences,
    claimsTold: claimsToldTable(db),
    transact<T>(work: () => T, fence?: Fence): T {
      const result = guarded(() => transaction(work, fence) as T);
      hooks.onCommit();
      return result;
    },
    checkpoint: () => guarded(() => void db.pragma('wal_checkpoint(PASSIVE)')),
    dataVersion: () => db.pragma('data_version', { simple: true }) as number,
  };
}
