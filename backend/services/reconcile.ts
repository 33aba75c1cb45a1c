import type { BillProgress } from '../../contract/bill.ts';
import { type Clock, HOUR, MINUTE } from '../../ports/clock.ts';
import { HttpFault } from '../../ports/http.ts';
import type { Log } from '../../ports/log.ts';
import type { By } from '../domain/actor.ts';
import type { Channel } from '../domain/trade.ts';
import { BillError, type BillKind, type BillLine, type Bills } from '../providers/provider.ts';
import type { StoredLine } from '../store/bill-line.ts';
import type { StoredBill } from '../store/bills.ts';
import type { Store } from '../store/store.ts';
import type { AskAboutLine } from './bill-ask.ts';
import { type BillRun, boundsOf, RunStopped } from './bill-run.ts';
import { BillUpload } from './bill-upload.ts';
import { ServiceError } from './errors.ts';
import type { Wallets } from './wallets.ts';

/** How long after a day's end both wallets have written its bill at the latest (protocol: bills). */
const READY_AFTER_MS = 10 * HOUR;
/** Differences that the wallet is asked about by one run; beyond, something is wrong as a whole. */
const ASKED_MAX = 200;
/** Questions in a row without an answer after which the wallet is left alone: each may take its whole patience. */
const SILENT_MAX = 3;
const LINES_AT_ONCE = 100;
/** Without a sign of life for so long, nobody reads a bill any more: far beyond any question and any pause of a file. */
const ABANDONED_MS = 10 * MINUTE;

/** Work on one bill, as it goes on. */
interface Work {
  billId: number;
  upload: BillUpload | null;
  stop: AbortController;
  progress(): BillProgress;
  ended: Promise<void>;
}

/**
 * Holds the wallets' bills against the ledger, one at a time. What is read is kept; what differs is asked about at
 * the wallet, whose answer alone settles; the rest waits for a person. Safe to run again, also after the till
 * was stopped or killed in the middle: the result is the same.
 */
export type Reconcile = ReturnType<typeof createReconcile>;

export function createReconcile(deps: {
  store: Store;
  clock: Clock;
  log: Log;
  wallets: Wallets;
  run: BillRun;
  ask: AskAboutLine;
  /** No other process writes to this folder. */
  isAlone: boolean;
}) {
  const { store, clock, log, wallets, run, ask } = deps;
  let cancelLook = () => {};
  let running: Work | null = null;

  /** The day's bill as the wallet gives it. Returns at once; {@link StoredBill} tells how it goes. */
  function fetch(channel: Channel, day: string, kind: BillKind): number {
    const bills = billsOf(channel, kind);
    return begin({ channel, day, kind, source: 'wallet', fileName: null }, null, async (work) => {
      const { signal } = work.stop;
      const { outcome } = await bills.fetch({ day, kind }, { nowMs: clock.nowMs(), signal });
      switch (outcome.kind) {
        case 'lines':
          work.progress = () => ({ phase: 'reading', ...outcome.read() });
          return outcome.lines;
        case 'not_ready':
          throw new NoBill('not_ready');
        case 'empty':
        case 'not_there':
          return nothingOf(channel, day);
        case 'unknown':
          throw new NoBill(outcome.cause);
      }
    });
  }

  /**
   * The wallet has no bill: not yet, not any more, or because nothing happened. It means "nothing" only of a day that
   * is over for long, and of which nothing is here. A reading that is kept never gives way to a bill that is not there.
   */
  function nothingOf(channel: Channel, day: string): AsyncGenerator<BillLine[]> {
    const { startMs, endMs } = boundsOf(day);
    if (clock.nowMs() < endMs + READY_AFTER_MS) throw new NoBill('not_ready');
    if (store.bills.isAnyPaid(channel, startMs, endMs)) throw new NoBill('no_bill');
    return nothing();
  }

  /** A bill as a file, which then comes by {@link addPiece}. */
  function drop({
    fileBytes = null,
    ...file
  }: Pick<StoredBill, 'channel' | 'day' | 'kind'> & {
    fileName: string;
    fileBytes?: number | null | undefined;
  }): number {
    const bills = billsOf(file.channel, file.kind);
    const upload = new BillUpload(clock);
    return begin({ ...file, source: 'file' }, upload, async (work) => {
      work.progress = () => ({ phase: 'reading', done: upload.position, of: fileBytes });
      return bills.read(upload.bytes(), file);
    });
  }

  async function addPiece(
    billId: number,
    position: number,
    bytes: Uint8Array,
    isLast: boolean,
  ): Promise<void> {
    const upload = running?.billId === billId ? running.upload : null;
    if (!upload) throw new ServiceError('bill_not_open');
    try {
      if (!(await upload.offer(position, bytes, isLast))) throw new ServiceError('bill_piece_misplaced');
    } catch (error) {
      // The bill itself says what is wrong with the file.
      if (error instanceof ServiceError) throw error;
      throw new ServiceError('bill_not_open');
    }
  }

  /** Asks the wallet again about what still waits. Returns at once. */
  function askAgain(billId: number): void {
    const bill = mustHave(billId);
    if (bill.state !== 'done') throw new ServiceError('bill_busy');
    occupy(bill.billId, null, async (work) => {
      mark(bill.billId, 'asking');
      await settleDifferences(bill, work);
      mark(bill.billId, 'done');
    });
  }

  /**
   * A person ends differences, for a reason: each in the ledger by itself, all of them or none. No money state changes
   * by it.
   */
  function resolve(billId: number, lines: readonly number[], reason: string, by?: By): void {
    const bill = mustHave(billId);
    store.transact(
      () => {
        for (const line of lines) resolveOne(bill, line, reason);
      },
      { by: by && { ...by, reason } },
    );
  }

  function resolveOne({ billId, channel, day }: StoredBill, line: number, reason: string): void {
    const found = store.bills.line(billId, line);
    if (!found || found.resolution !== null) throw new ServiceError('bill_line_not_open');
    const { said, tradeNo, refundNo } = found;
    store.bills.note(billId, line, { said, resolution: 'by_person', reason });
    store.events.append({
      atMs: clock.nowMs(),
      type: 'bill.resolved',
      orderNo: null,
      tradeNo: null,
      fromState: null,
      toState: null,
      what: found.class,
      data: { channel, day, line, tradeNo, refundNo },
    });
  }

  function billsOf(channel: Channel, kind: BillKind): Bills {
    const bills = wallets.provider(channel)?.bills;
    if (!bills?.kinds.includes(kind)) throw new ServiceError('bill_unavailable');
    return bills;
  }

  type Opening = (work: Work) => Promise<AsyncIterable<BillLine[]>>;

  function begin(
    bill: Pick<StoredBill, 'channel' | 'day' | 'kind' | 'source' | 'fileName'>,
    upload: BillUpload | null,
    open: Opening,
  ): number {
    if (running) throw new ServiceError('bill_busy');
    const billId = store.transact(() => store.bills.insert(bill, clock.nowMs()));
    occupy(billId, upload, (work) => carryOut(mustHave(billId), work, open));
    return billId;
  }

  function occupy(billId: number, upload: BillUpload | null, carryOn: (work: Work) => Promise<void>): void {
    if (running) throw new ServiceError('bill_busy');
    const work: Work = {
      billId,
      upload,
      stop: new AbortController(),
      progress: () => ({ phase: 'fetching', done: 0, of: null }),
      ended: Promise.resolve(),
    };
    running = work;
    work.ended = carryOn(work)
      .catch((error: unknown) => log.error({ err: error, billId }, 'a bill could not be worked on'))
      .finally(() => {
        running = null;
      });
  }

  async function carryOut(bill: StoredBill, work: Work, open: Opening): Promise<void> {
    const { signal } = work.stop;
    try {
      await run.read(bill, await open(work), signal);
    } catch (error) {
      work.upload?.fail(error as Error);
      const fault = signal.aborted ? 'interrupted' : faultOf(error);
      log.warn(
        { billId: bill.billId, channel: bill.channel, day: bill.day, fault, err: error },
        'bill not read',
      );
      await run.clearLines(bill.billId);
      mark(bill.billId, 'failed', fault);
      return;
    }
    mark(bill.billId, 'asking');
    await run.replaceEarlier(bill);
    await settleDifferences(bill, work);
    mark(bill.billId, 'done');
  }

  /** What was never answered comes first, so that asking again goes on where the last run ended. */
  async function settleDifferences(bill: StoredBill, work: Work): Promise<void> {
    const { signal } = work.stop;
    const asked = new Set<number>();
    const of = Math.min(store.bills.sums(bill.billId).open, ASKED_MAX);
    work.progress = () => ({ phase: 'asking', done: asked.size, of });
    let silent = 0;
    for (const isAnswered of [false, true])
      for await (const line of openLines(bill.billId)) {
        if ((line.said !== null) !== isAnswered || asked.has(line.line)) continue;
        if (asked.size >= ASKED_MAX || silent >= SILENT_MAX || signal.aborted) return;
        const came = await ask(bill, line, signal);
        if (came === 'none') continue;
        asked.add(line.line);
        silent = came === 'silent' ? silent + 1 : 0;
        store.transact(() => store.bills.touch(bill.billId, clock.nowMs()));
      }
  }

  /** Ends what nobody reads any more: without a sign of life for `quietMs`. */
  function endAbandoned(quietMs: number): void {
    const nowMs = clock.nowMs();
    for (const { billId, touchedAtMs } of store.bills.unfinished())
      if (billId !== running?.billId && nowMs - touchedAtMs >= quietMs) mark(billId, 'failed', 'interrupted');
  }

  /** Beside other processes: whether one of them was killed over a bill can be told by its silence alone. */
  function look(): void {
    endAbandoned(ABANDONED_MS);
    cancelLook = clock.after(ABANDONED_MS, look);
  }

  async function* openLines(billId: number): AsyncGenerator<StoredLine> {
    for (let after = 0; ; ) {
      const lines = store.bills.lines(billId, 'open', after, LINES_AT_ONCE);
      yield* lines;
      const last = lines.at(-1);
      if (!last) return;
      after = last.line;
      await run.turn();
    }
  }

  /** Ends the work on a bill, and resolves once it has ended. */
  async function end({ stop, upload, ended }: Work): Promise<void> {
    stop.abort();
    upload?.fail(new RunStopped());
    await ended;
  }

  function mark(billId: number, state: StoredBill['state'], fault: string | null = null): void {
    store.transact(() => store.bills.setState(billId, state, fault, clock.nowMs()));
  }

  function mustHave(billId: number): StoredBill {
    const bill = store.bills.byId(billId);
    if (!bill) throw new ServiceError('bill_not_found');
    return bill;
  }

  return {
    fetch,
    drop,
    addPiece,
    askAgain,
    resolve,
    /** Ends what a till left in the middle: it is said, and can be run again. */
    start(): void {
      if (deps.isAlone) endAbandoned(0);
      else look();
    },
    /** How far this process is with a bill; null when it is not at work on it. */
    progressOf: (billId: number): BillProgress | null =>
      running?.billId === billId ? running.progress() : null,
    /**
     * A person does not want to wait: reading ends without a result, asking with what was answered so far. Nothing
     * happens when it is not worked on here.
     */
    async stopOne(billId: number): Promise<void> {
      mustHave(billId);
      if (running?.billId === billId) await end(running);
    },
    async stop(): Promise<void> {
      cancelLook();
      if (running) await end(running);
    },
  };
}

/** There is no bill to read, for a reason in a word of ours. */
class NoBill extends Error {
  override readonly name = 'NoBill';
  readonly fault: string;
  constructor(fault: string) {
    super(fault);
    this.fault = fault;
  }
}

async function* nothing(): AsyncGenerator<BillLine[]> {}

function faultOf(error: unknown): string {
  if (error instanceof NoBill || error instanceof BillError) return error.fault;
  if (error instanceof HttpFault) return 'network';
  if (error instanceof RunStopped) return 'interrupted';
  return 'internal';
}
