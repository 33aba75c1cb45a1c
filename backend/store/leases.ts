import type { Db } from './database.ts';

interface Row {
  ticket: number;
  holder: string;
  held: number;
  untilMs: number;
}

/**
 * The table `leases`: the queue for each order's lock. `db` is a connection of its own, since a lease need not
 * be on disk: it must outlive a process, not a power cut.
 */
export function leasesTable(db: Db) {
  const expire = db.prepare('DELETE FROM leases WHERE order_no = ? AND until_ms <= ?');
  // A lease that ends later than one granted now was granted before the clock went back.
  const clip = db.prepare(
    'UPDATE leases SET until_ms = :limit WHERE order_no = :orderNo AND until_ms > :limit',
  );
  const insert = db
    .prepare<[Record<string, unknown>], number>(
      `INSERT INTO leases (ticket, order_no, holder, held, until_ms)
       VALUES (1 + max(
                 coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'leases'), 0),
                 coalesce((SELECT token FROM fences WHERE order_no = :orderNo), 0)),
               :orderNo, :holder, :held, :untilMs)
       RETURNING ticket`,
    )
    .pluck();
  const queue = db.prepare<[string], Row>(
    'SELECT ticket, holder, held, until_ms AS untilMs FROM leases WHERE order_no = ? ORDER BY ticket',
  );
  const prolong = db.prepare('UPDATE leases SET held = ?, until_ms = ? WHERE ticket = ?');
  const renew = db.prepare(
    'UPDATE leases SET until_ms = :untilMs WHERE ticket = :ticket AND held = 1 AND until_ms > :nowMs',
  );
  const remove = db.prepare('DELETE FROM leases WHERE ticket = ?');

  const take = db.transaction((ask: Ask) => {
    if (queue.get(ask.orderNo) === undefined) {
      const untilMs = ask.nowMs + ask.times.leaseMs;
      const ticket = insert.get({ ...named(ask), held: 1, untilMs }) ?? 0;
      return { ticket, before: 0, first: { holder: ask.holder, untilMs } };
    }
    expire.run(ask.orderNo, ask.nowMs);
    clip.run({ orderNo: ask.orderNo, limit: ask.nowMs + Math.max(ask.times.leaseMs, ask.times.ticketMs) });
    let tickets = queue.all(ask.orderNo);
    const isKnown = tickets.some((row) => row.ticket === ask.ticket);
    const untilMs = ask.nowMs + ask.times.ticketMs;
    const ticket = (isKnown ? ask.ticket : insert.get({ ...named(ask), held: 0, untilMs })) ?? 0;
    if (!isKnown) tickets = [...tickets, { ticket, holder: ask.holder, held: 0, untilMs }];
    const before = tickets.findIndex((row) => row.ticket === ticket);
    if (before === 0) prolong.run(1, ask.nowMs + ask.times.leaseMs, ticket);
    else if (isKnown) prolong.run(0, untilMs, ticket);
    return { ticket, before, first: firstOf(tickets) };
  }).immediate;

  /** Whether a look would change nothing: then it need not wait for those who write. */
  function onlyLook(ask: Ask) {
    const tickets = queue.all(ask.orderNo);
    const before = tickets.findIndex((row) => row.ticket === ask.ticket);
    const ours = tickets[before];
    const first = tickets[0];
    if (!ours || !first || before === 0) return null;
    const isFresh = ours.untilMs - ask.nowMs > ask.times.ticketMs / 2;
    const allRun = tickets.every(
      (row) =>
        row.untilMs > ask.nowMs && row.untilMs <= ask.nowMs + Math.max(ask.times.leaseMs, ask.times.ticketMs),
    );
    return isFresh && allRun ? { ticket: ours.ticket, before, first: firstOf(tickets) } : null;
  }

  return {
    /** One look at the queue; see `LeaseTable`. Null when another process is writing. */
    look(ask: Ask) {
      return unlessBusy(() => (ask.ticket === null ? null : onlyLook(ask)) ?? take(ask));
    },
    renew(ticket: number, nowMs: number, untilMs: number): boolean {
      return renew.run({ ticket, nowMs, untilMs }).changes === 1;
    },
    remove(ticket: number): boolean {
      return unlessBusy(() => remove.run(ticket)) !== null;
    },
  };
}

interface Ask {
  orderNo: string;
  ticket: number | null;
  holder: string;
  nowMs: number;
  times: { leaseMs: number; ticketMs: number };
}

function named({ orderNo, holder }: Ask) {
  return { orderNo, holder };
}

function firstOf(tickets: readonly Row[]): { holder: string; untilMs: number } {
  const [first] = tickets;
  if (!first) throw new Error('The queue holds at least the ticket that was just taken.');
  return { holder: first.holder, untilMs: first.untilMs };
}

function unlessBusy<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) return null;
    throw error;
  }
}
