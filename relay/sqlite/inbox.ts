import type { Inbox, InboxEnd, MailboxLimits, Outgoing } from '../mailbox.ts';

/** Unanswered bytes of one till; one delivery may always be under way. */
const WINDOW_BYTES = 512 * 1024;

export interface SqliteInbox extends Inbox {
  /** Hands out what the window has room for. */
  pump(): void;
  /** Ends it from the relay's side; the receiver hears why. */
  end(why?: InboxEnd): void;
}

/** One till's window onto its rows: reads ahead of what is answered, keeps nothing in memory but numbers. */
export function createSqliteInbox(deps: {
  epoch: string;
  limits: MailboxLimits;
  /** The next deliveries after a `seq`. */
  read(after: number, count: number): Outgoing[];
  acked(seq: number): void;
  rejected(seq: number, reason: string): void;
  /** Deliveries that nobody answered on this connection. */
  returned(seqs: number[]): void;
  failed(error: unknown): void;
  closed(): void;
}): SqliteInbox {
  const { window } = deps.limits;
  /** Unanswered, with their sizes. */
  const open = new Map<number, number>();
  let openBytes = 0;
  let cursor = 0;
  let receiver: Parameters<Inbox['start']>[0] | null = null;
  let over = false;

  function answered(seq: number): boolean {
    const bytes = open.get(seq);
    if (bytes === undefined) return false;
    open.delete(seq);
    openBytes -= bytes;
    return true;
  }

  function pump(): void {
    while (receiver && !over && open.size < window && (open.size === 0 || openBytes < WINDOW_BYTES)) {
      let rows: Outgoing[];
      try {
        // A few at a time: what a window of large bodies does not take would be read for nothing.
        rows = deps.read(cursor, Math.min(8, window - open.size));
      } catch (error) {
        deps.failed(error);
        end('unavailable');
        return;
      }
      if (rows.length === 0) return;
      for (const row of rows) {
        if (over || (open.size > 0 && openBytes >= WINDOW_BYTES)) return;
        open.set(row.seq, row.notification.body.length);
        openBytes += row.notification.body.length;
        cursor = row.seq;
        receiver?.deliver(row);
      }
    }
  }

  function end(why?: InboxEnd): void {
    if (over) return;
    over = true;
    if (open.size > 0) deps.returned([...open.keys()]);
    if (why) receiver?.ended(why);
    deps.closed();
  }

  return {
    epoch: deps.epoch,
    start(to) {
      receiver = to;
      pump();
    },
    ack(seq) {
      if (over || !answered(seq)) return;
      deps.acked(seq);
      pump();
    },
    reject(seq, reason) {
      if (over || !answered(seq)) return;
      deps.rejected(seq, reason);
      pump();
    },
    close: () => end(),
    pump,
    end,
  };
}
