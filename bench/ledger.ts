import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { byTill } from '../backend/domain/actor.ts';
import { ledgerText } from '../backend/domain/ledger.ts';
import { fen } from '../backend/domain/money.ts';
import { createSettle, type Outcome } from '../backend/services/settle.ts';
import { type Db, openStorage } from '../backend/store/database.ts';
import { createStore, type Store } from '../backend/store/store.ts';
import { charge, order, trade } from '../backend/store/test-rows.ts';
import { verifyChain } from '../scripts/ledger/chain.ts';
import { testBook } from '../test/fakes/refund-book.ts';
import { ratio, ratioLine } from './measure.ts';

const NOW_MS = Date.parse('2026-11-21T14:32:10.000+08:00');
const TRADES = 200;
const EVENTS = 200_000;

/** What the chain of hashes costs a settle, and how fast the verifier reads it back. */
export async function run(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-bench-'));
  try {
    await settles(dir);
    await verifying(join(dir, 'long'));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A settle that changes a trade's state, on disk, with its event chained; and the same with a plain event. */
async function settles(dir: string): Promise<void> {
  const chained = openStorage(join(dir, 'chained'));
  const plain = openStorage(join(dir, 'plain'));
  const unchained = withPlainEvents(plain.db);
  const single = await ratio(settler(createStore(chained.db)), settler(unchained), {
    rounds: 15,
    roundMs: 200,
  });
  for (const { db } of [chained, plain]) db.pragma('synchronous = OFF');
  const cpu = await ratio(settler(createStore(chained.db), 'M'), settler(unchained, 'M'), {
    rounds: 15,
    roundMs: 200,
  });
  console.log('\nA settle with the ledger’s chain, against the same with plain events');
  console.log(ratioLine('on disk', single, 0.9));
  console.log(ratioLine('without waiting for the disk', cpu, 0.7));
  chained.close();
  plain.close();
}

/** The store as it would be without a chain: no head is read, nothing is hashed, no trigger looks. */
function withPlainEvents(db: Db): Store {
  for (const name of ['events_follow', 'events_never_change', 'events_never_go'])
    db.exec(`DROP TRIGGER ${name}`);
  const store = createStore(db);
  const none = Buffer.alloc(32);
  const append = db.prepare(
    `INSERT INTO events (at_ms, type, order_no, trade_no, from_state, to_state, what, actor, via, prev_hash, hash)
     VALUES (?, ?, ?, ?, ?, ?, ?, 'till', 'wallet', ?, ?)`,
  );
  return {
    ...store,
    events: {
      ...store.events,
      append({ atMs, type, orderNo, tradeNo, fromState, toState, what }) {
        append.run(atMs, type, orderNo, tradeNo, fromState, toState, what, none, none);
      },
    },
  };
}

function settler(store: Store, prefix = 'T'): () => void {
  const settle = createSettle(store, { automaticMaxFen: fen(0) }, testBook(store));
  const entry = { entryId: 0, kind: 'query', attempts: 0, puzzles: 0 };
  const trades = Array.from({ length: TRADES }, (_, n) => {
    const no = `${prefix}${String(n).padStart(6, '0')}`;
    store.transact(() => {
      store.orders.insert(order(`O${no}`));
      store.charges.insert(charge(`O${no}`, `C${no}`));
      store.trades.insert(trade(`O${no}`, `C${no}`, no, { state: 'awaiting_payment' }));
    });
    return no;
  });
  let turn = 0;
  return () => {
    const tradeNo = trades[turn % TRADES] as string;
    const status = Math.floor(turn / TRADES) % 2 === 0 ? 'paying' : 'unpaid';
    turn += 1;
    const outcome: Outcome = {
      kind: 'evidence',
      evidence: {
        tradeNo,
        status,
        providerTradeNo: null,
        amountFen: fen(1250),
        payer: null,
        paidAtMs: null,
        providerStatus: status,
      },
    };
    settle.outcome({ ...entry, tradeNo } as never, { outcome, nowMs: NOW_MS, jitter: 0, exchange: null });
  };
}

/** The verifier over a long ledger, against hashing the same bytes and nothing else. */
async function verifying(dir: string): Promise<void> {
  const { db, close } = openStorage(dir);
  const store = createStore(db);
  for (let n = 0; n < EVENTS; n += 1_000)
    store.transact(
      () => {
        for (let k = n; k < n + 1_000; k++)
          store.events.append({
            atMs: NOW_MS + k,
            type: 'trade.changed',
            orderNo: `M0VA26112120241200${k >> 2}`,
            tradeNo: `M0VA26112120241200${k >> 1}`,
            fromState: 'awaiting_payment',
            toState: 'paying',
            what: 'paying_seen',
          });
      },
      { by: byTill('wallet') },
    );
  const texts: string[] = [];
  let text = '';
  verifyChain(db, (row) => {
    text = ledgerText(row.previous, row);
    texts.push(text);
  });
  let events = 0;
  const startedMs = performance.now();
  const value = await ratio(
    () => {
      events += verifyChain(db, () => {}).sound;
    },
    () => {
      for (const each of texts) hash('sha256', each);
    },
    { rounds: 5, roundMs: 2_000 },
  );
  console.log(`\nVerifying ${EVENTS.toLocaleString('en')} entries of ${text.length} bytes`);
  console.log(ratioLine('entries a second against bare SHA-256 of the same', value, 0.15));
  console.log(
    `  ${events.toLocaleString('en')} entries read in ${((performance.now() - startedMs) / 1_000).toFixed(0)} s, both sides`,
  );
  close();
}
