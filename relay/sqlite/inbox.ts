import type { Inbox, InboxEnd, MailboxLimits, Outgoing } from '../mailbox.ts';

/** Unanswered bytes of one till; one delivery may always be under way. */
const WINDOW_BYTES = 512 * 1024;
const READ_AHEAD = 8;

export interface SqliteInbox extends Inbox {
  /**
   * Hands out a row that the commit under way adds, before it is on disk. False when it must be read once it is
   * there: something older waits, or the window is full.
   */
  handAhead(row: Outgoing): boolean;
  /** The row was taken back: if it was handed out, it is not awaited any more. */
  withdraw(row: Outgoing): void;
  /** Reads, and hands out what the window has room for. */
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
  /** Every committed row has been handed out. */
  let caughtUp = false;
  let receiver: Parameters<Inbox['start']>[0] | null = null;
  let over = false;

  function answered(seq: number): boolean {
    const bytes = open.get(seq);
    if (bytes === undefined) return false;
    open.delete(seq);
    openBytes -= bytes;
    return true;
  }

  const hasRoom = () => open.size < window && (open.size === 0 || openBytes < WINDOW_BYTES);

  /** False when there is no room for it, or nobody to hand it to. */
  function hand(row: Outgoing): boolean {
    if (!receiver || over || !hasRoom()) return false;
    open.set(row.seq, row.notification.body.length);
    openBytes += row.notification.body.length;
    cursor = row.seq;
    receiver.deliver(row);
    return true;
  }

  function pump(): void {
    caughtUp = false;
    while (receiver && !over && hasRoom()) {
      // A few at a time: what a window of large bodies does not take would be read for nothing.
      const count = Math.min(READ_AHEAD, window - open.size);
      let rows: Outgoing[];
      try {
        rows = deps.read(cursor, count);
      } catch (error) {
        deps.failed(error);
        end('unavailable');
        return;
      }
      if (!rows.every(hand)) return;
      if (rows.length < count) {
        caughtUp = true;
        return;
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
      if (!caughtUp) pump();
    },
    reject(seq, reason) {
      if (over || !answered(seq)) return;
      deps.rejected(seq, reason);
      if (!caughtUp) pump();
    },
    close: () => end(),
    handAhead(row) {
      if (caughtUp) caughtUp = hand(row);
      return caughtUp;
    },
    withdraw: ({ seq }) => void answered(seq),
    pump,
    end,
  };
}
