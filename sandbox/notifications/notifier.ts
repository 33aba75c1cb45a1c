import { Semaphore } from 'async-mutex';
import { type Clock, SECOND, sleep } from '../../ports/clock.ts';
import { type HttpClient, HttpFault } from '../../ports/http.ts';
import type { Log } from '../../ports/log.ts';
import type { ArmedFaults, Plight } from '../faults/armed.ts';
import type { LedgerRefund } from '../ledger/refund.ts';
import type { LedgerTrade } from '../ledger/trade.ts';
import { destination, type Message, type Notification, NotificationBook, type Send } from './notification.ts';
import { GAPS_MS, isAcknowledged, TRY_MS } from './schedule.ts';

/** So many are under way at once; further ones wait their turn. */
const SENDS_MAX = 16;
/** With so many unacknowledged the wallet gives up each new one at once. */
export const WAITING_MAX = 10_000;
/** After a trouble of the sandbox's own, such as a full disk. */
const TROUBLE_MS = 15 * SECOND;
const SAID_MAX = 60;
const LONGEST_MS = Math.max(...Object.values(GAPS_MS).flat());

export interface NotifierDeps {
  clock: Clock;
  log: Log;
  /** Absent: nothing is sent. */
  http: HttpClient | undefined;
  faults: ArmedFaults;
  /** How many times faster than the wallets the tries follow each other. */
  scale: number;
  kept: readonly Notification[];
  /** Told of each change to what is kept, which it sets about to save. */
  changed: () => void;
  /** Resolves when all changes so far are durable. */
  saved: () => Promise<void>;
  freshId: (trade: LedgerTrade) => string;
  /** Writes and signs it anew, as each try does. */
  write: (notification: Notification, plight: Plight) => Message;
  onSend: (send: Send & { notification: Notification }) => void;
  /** Aborted when the sandbox stops. */
  stopping: AbortSignal;
}

export type Notifier = ReturnType<typeof createNotifier>;

/**
 * Tells the merchants' addresses what was paid, on the wallets' schedules, until it is acknowledged as each
 * wallet demands. What is kept survives a restart: a try that was under way is made again, under the same id.
 */
export function createNotifier(deps: NotifierDeps) {
  const { clock, http, faults, scale, stopping } = deps;
  const book = new NotificationBook(deps.kept);
  const slots = new Semaphore(SENDS_MAX);
  const timers = new Map<Notification, { dueMs: number; cancel: () => void }>();
  const running = new Set<Promise<void>>();
  let waiting = 0;
  let turns = 0;
  /** One that lets the next one pass. */
  let parked: { turn: number; passed: AbortController } | null = null;

  if (http) {
    for (const notification of book.all()) {
      if (notification.state !== 'waiting') continue;
      waiting++;
      const restMs = (notification.nextAtMs ?? 0) - clock.nowMs();
      schedule(notification, Math.min(Math.max(0, restMs), LONGEST_MS / scale));
    }
  }

  function schedule(notification: Notification, delayMs: number): void {
    const cancel = clock.after(delayMs, () => {
      timers.delete(notification);
      const done = tryOnce(notification).catch((error: unknown) => {
        if (stopping.aborted) return;
        deps.log.error({ err: error, id: notification.id }, 'notification not sent');
        schedule(notification, TROUBLE_MS);
      });
      running.add(done);
      void done.then(() => running.delete(done));
    });
    timers.set(notification, { dueMs: clock.monotonicMs() + delayMs, cancel });
  }

  async function tryOnce(notification: Notification): Promise<void> {
    const { channel, tradeNo } = notification;
    const turn = ++turns;
    const held = await slots.runExclusive(async () => {
      if (stopping.aborted) return null;
      // What was paid is durable before anybody hears of it.
      await deps.saved();
      const plight = faults.take({ channel, operation: 'notify', tradeNo });
      const message = deps.write(notification, plight);
      if (plight.delayBeforeMs > 0 || plight.main?.kind === 'reordered') return { message, plight };
      await deliver(notification, message, plight, turn);
      return null;
    });
    if (!held) return;
    // Held up on its way: signed before, and not in the way of others.
    const { message, plight } = held;
    if (plight.delayBeforeMs > 0) await sleep(clock, plight.delayBeforeMs, stopping);
    if (plight.main?.kind === 'reordered') await overtaken(turn, plight.main.holdMs);
    await slots.runExclusive(() => deliver(notification, message, plight, turn));
  }

  /** Waits until a later one has passed; at once when this is the one that passes another. */
  async function overtaken(turn: number, holdMs: number): Promise<void> {
    if (parked) return;
    const passed = new AbortController();
    parked = { turn, passed };
    try {
      await sleep(clock, holdMs, AbortSignal.any([stopping, passed.signal]));
    } catch (error) {
      if (!passed.signal.aborted) throw error;
    } finally {
      parked = null;
    }
  }

  async function deliver(notification: Notification, message: Message, plight: Plight, turn: number) {
    const { main } = plight;
    const copies = main?.kind === 'duplicate' ? 1 + main.copies : 1;
    const sends = await Promise.all(
      Array.from({ length: copies }, () => post(notification, message, plight)),
    );
    // A try that the stop cut short is none; an acknowledgement that came in time counts.
    if (stopping.aborted && !sends.some((send) => send.acknowledged)) return;
    note(notification, sends);
    if (parked && parked.turn < turn) parked.passed.abort();
  }

  async function post(notification: Notification, message: Message, plight: Plight): Promise<Send> {
    const { main } = plight;
    const send: Send = {
      atMs: clock.nowMs(),
      status: null,
      acknowledged: false,
      why: 'dropped',
      said: null,
      fault: faultOf(plight),
    };
    const to = destination(notification.url);
    if (main?.kind === 'dropped' || !to || !http) return send;
    try {
      const answer = await http.send(
        { method: 'POST', ...to, ...message },
        {
          timeouts: { connectMs: TRY_MS, headersMs: TRY_MS, bodyMs: TRY_MS, totalMs: TRY_MS },
          signal: stopping,
        },
      );
      const acknowledged = isAcknowledged(notification.channel, answer);
      const said = Buffer.from(answer.body).toString('utf8').slice(0, SAID_MAX);
      return acknowledged
        ? { ...send, status: answer.status, acknowledged, why: null }
        : { ...send, status: answer.status, why: 'not_acknowledged', said };
    } catch (error) {
      if (error instanceof HttpFault) return { ...send, why: error.kind };
      throw error;
    }
  }

  function note(before: Notification, sends: readonly Send[]): void {
    const acknowledged = sends.some((send) => send.acknowledged);
    const gapMs = acknowledged ? undefined : GAPS_MS[before.channel][before.tries];
    const after: Notification = {
      ...before,
      state: acknowledged ? 'acknowledged' : gapMs === undefined ? 'given_up' : 'waiting',
      tries: before.tries + 1,
      nextAtMs: gapMs === undefined ? null : clock.nowMs() + gapMs / scale,
      sends: [...before.sends, ...sends],
    };
    book.put(after);
    deps.changed();
    if (gapMs === undefined) waiting--;
    else schedule(after, gapMs / scale);
    for (const send of sends) deps.onSend({ ...send, notification: after });
  }

  function tell(trade: LedgerTrade, url: string | null, refund: Notification['refund']): void {
    if (!http || url === null || !destination(url)) return;
    const isTooMany = waiting >= WAITING_MAX;
    const notification: Notification = {
      id: deps.freshId(trade),
      channel: trade.channel,
      tradeNo: trade.tradeNo,
      refund,
      url,
      createdAtMs: clock.nowMs(),
      state: isTooMany ? 'given_up' : 'waiting',
      tries: 0,
      nextAtMs: isTooMany ? null : clock.nowMs(),
      sends: [],
    };
    book.put(notification);
    deps.changed();
    if (isTooMany) return;
    waiting++;
    schedule(notification, 0);
  }

  return {
    /** A trade was paid: tells its merchant, if there is an address and somebody can listen there. */
    paid(trade: LedgerTrade): void {
      tell(trade, trade.notifyUrl, null);
    },

    /** A refund has ended, or is stuck: as `paid`. */
    refunded({ refundNo, status, notifyUrl }: LedgerRefund, trade: LedgerTrade): void {
      if (status !== 'PROCESSING') tell(trade, notifyUrl, { refundNo, status });
    },

    of: book.of.bind(book),

    /** Brings the next try of each one `ms` nearer; returns how many are waiting for one. */
    hasten(ms: number): number {
      const due = [...timers];
      for (const [notification, { dueMs, cancel }] of due) {
        cancel();
        timers.delete(notification);
        const sooner = { ...notification, nextAtMs: (notification.nextAtMs ?? 0) - ms };
        book.put(sooner);
        schedule(sooner, Math.max(0, dueMs - clock.monotonicMs() - ms));
      }
      if (due.length > 0) deps.changed();
      return due.length;
    },

    snapshot: (): Notification[] => book.all(),

    /** Resolves when nothing is under way any more. The sandbox's signal is aborted before. */
    async stop(): Promise<void> {
      for (const { cancel } of timers.values()) cancel();
      timers.clear();
      await Promise.all(running);
    },
  };
}

/** What the ledger names as the fault: of several the one that is not about time. */
function faultOf({ main, delayBeforeMs, skewMs }: Plight): string | null {
  if (main) return main.kind;
  if (delayBeforeMs > 0) return 'late';
  return skewMs === 0 ? null : 'clock_skew';
}
