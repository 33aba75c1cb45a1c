import { type ChargesTable, chargesTable } from './charges.ts';
import { asStorageError, type Db, isStorageFault, type StorageError } from './database.ts';
import { type EventsTable, eventsTable } from './events.ts';
import { type ExchangesTable, exchangesTable } from './exchanges.ts';
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
  /**
   * Runs `work` in one transaction, committed (and on disk) when it returns. Throws `StorageError` when
   * the disk refuses, with nothing written; what `work` itself throws passes through, with nothing written.
   */
  transact<T>(work: () => T): T;
  /** Moves the write-ahead log into the database file without waiting for readers. Throws `StorageError`. */
  checkpoint(): void;
}

/** What the keeper of the disk hears of. */
export interface StoreHooks {
  /** A transaction that the disk refused. */
  onFault(error: StorageError): void;
  /** A transaction that is on disk. */
  onCommit(): void;
}

const NOBODY: StoreHooks = { onFault() {}, onCommit() {} };

export function createStore(db: Db, hooks: StoreHooks = NOBODY): Store {
  const transaction = db.transaction((work: () => unknown) => work()).immediate;

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
    transact<T>(work: () => T): T {
      const result = guarded(() => transaction(work) as T);
      hooks.onCommit();
      return result;
    },
    checkpoint: () => guarded(() => void db.pragma('wal_checkpoint(PASSIVE)')),
  };
}
