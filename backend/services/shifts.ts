import type { Shift, ShiftHandedOver } from '../../contract/shift.ts';
import type { Clock } from '../../ports/clock.ts';
import type { By } from '../domain/actor.ts';
import { storeInstant } from '../domain/store-time.ts';
import type { StoredShift } from '../store/shifts.ts';
import type { Store } from '../store/store.ts';
import { ServiceError } from './errors.ts';
import { shiftCsv } from './shift-csv.ts';

/**
 * A cashier's session as a stretch of the ledger. Each begins where the one before ended, so that a payment that
 * turns up between two is counted in the next, and none twice.
 */
export type Shifts = ReturnType<typeof createShifts>;

export function createShifts(deps: { store: Store; clock: Clock }) {
  const { store, clock } = deps;

  function open(by?: By): Shift {
    return byId(store.transact(() => begin(personOf(by)), { by }));
  }

  function begin(personId: string | null): number {
    if (store.shifts.current()) throw new ServiceError('shift_open');
    const fromSeq = store.shifts.last()?.closed?.toSeq ?? store.events.lastSeq();
    const nowMs = clock.nowMs();
    const shiftId = store.shifts.open(nowMs, personId, fromSeq);
    tell('shift.opened', nowMs, { shiftId });
    return shiftId;
  }

  /** Closes the open shift. Unknown outcomes have to be explained. Throws `ServiceError`; then nothing was changed. */
  function close(reason: string | undefined, by?: By): Shift {
    return byId(store.transact(() => end(reason, by), { by: by && { ...by, reason: reason ?? null } }));
  }

  /**
   * Closes the open shift and opens the next one for `next`, the person who goes on and whose PIN was checked in this
   * call; null where nobody signs in. Throws as {@link close}; then nothing was changed.
   */
  function handOver(next: string | null, reason: string | undefined, by?: By): ShiftHandedOver {
    const { closed, opened } = store.transact(() => ({ closed: end(reason, by), opened: begin(next) }), {
      by: by && { ...by, reason: reason ?? null, ...(next === null ? {} : { approvedBy: next }) },
    });
    return { closed: byId(closed), opened: byId(opened) };
  }

  /** A closed shift's slip as a spreadsheet reads it. Throws `ServiceError`. */
  function csv(shiftId: number): { fileName: string; text: string } {
    const shift = byId(shiftId);
    if (!shift.ledgerHead) throw new ServiceError('shift_not_closed');
    return { fileName: `shift-${shiftId}.csv`, text: shiftCsv(shift) };
  }

  function end(reason: string | undefined, by?: By): number {
    const shift = store.shifts.current();
    if (!shift) throw new ServiceError('shift_not_open');
    const unfinished = store.shifts.unfinished();
    if (unfinished > 0 && reason === undefined) throw new ServiceError('shift_unfinished');
    const totals = store.shifts.taken(shift.fromSeq, store.events.lastSeq());
    const nowMs = clock.nowMs();
    tell('shift.closed', nowMs, { shiftId: shift.shiftId, ...totals, unfinished });
    const head = store.events.head();
    store.shifts.close(shift.shiftId, {
      atMs: nowMs,
      by: personOf(by),
      toSeq: head.seq,
      headHash: head.hash,
      unfinished,
      reason: unfinished > 0 ? (reason ?? null) : null,
      totals,
    });
    return shift.shiftId;
  }

  function tell(type: 'shift.opened' | 'shift.closed', atMs: number, data: object): void {
    store.events.append({
      atMs,
      type,
      orderNo: null,
      tradeNo: null,
      fromState: null,
      toState: null,
      what: null,
      data: { ...data },
    });
  }

  function byId(shiftId: number): Shift {
    const shift = store.shifts.byId(shiftId);
    if (!shift) throw new ServiceError('shift_not_found');
    return view(shift);
  }

  function view({ shiftId, openedAtMs, openedBy, fromSeq, closed }: StoredShift): Shift {
    return {
      shiftId,
      openedAt: storeInstant(openedAtMs),
      openedBy: nameOf(openedBy),
      closedAt: closed && storeInstant(closed.atMs),
      closedBy: nameOf(closed?.by ?? null),
      totals: closed?.totals ?? store.shifts.taken(fromSeq, store.events.lastSeq()),
      unfinished: closed?.unfinished ?? store.shifts.unfinished(),
      reason: closed?.reason ?? null,
      ledgerHead: closed && { seq: closed.toSeq, hash: closed.headHash },
    };
  }

  function nameOf(personId: string | null): string | null {
    return personId === null ? null : (store.people.byId(personId)?.name ?? personId);
  }

  return {
    open,
    close,
    handOver,
    csv,
    /** The open one; null between two. */
    current(): Shift | null {
      const shift = store.shifts.current();
      return shift ? view(shift) : null;
    },
    list(cursor: string | undefined, limit: number): { items: Shift[]; nextCursor: string | null } {
      const before = /^\d{1,15}$/.test(cursor ?? '') ? Number(cursor) : Number.MAX_SAFE_INTEGER;
      const found = store.shifts.list(before, limit + 1);
      const items = found.slice(0, limit);
      return {
        items: items.map(view),
        nextCursor: found.length > limit ? String(items.at(-1)?.shiftId) : null,
      };
    },
  };
}

function personOf(by: By | undefined): string | null {
  return by?.actor.kind === 'person' ? by.actor.personId : null;
}
