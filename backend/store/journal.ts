import { readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Charge, Order } from '../domain/order.ts';
import type { Refund } from '../domain/refund.ts';
import type { Trade } from '../domain/trade.ts';
import { journalName, listJournals } from './backup-files.ts';
import type { LedgerHead } from './events.ts';

/** What is needed to ask the wallets again about what a backup does not know. Fen; ms since the epoch. */
const Entry = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('order'),
    orderNo: z.string().min(1),
    amountFen: z.int().positive(),
    subject: z.string(),
    note: z.string().nullable(),
    source: z.enum(['till', 'integrator']),
    createdAtMs: z.int(),
  }),
  z.object({ kind: z.literal('order_cancelled'), orderNo: z.string().min(1) }),
  z.object({
    kind: z.literal('charge'),
    chargeId: z.string().min(1),
    orderNo: z.string().min(1),
    createdAtMs: z.int(),
    expiresAtMs: z.int(),
  }),
  z.object({
    kind: z.literal('trade'),
    tradeNo: z.string().min(1),
    orderNo: z.string().min(1),
    chargeId: z.string().min(1),
    channel: z.enum(['alipay', 'wechat']),
    amountFen: z.int().positive(),
    subject: z.string(),
    createdAtMs: z.int(),
    expiresAtMs: z.int(),
  }),
  /** How far the ledger had come: what a cut ledger is held against. */
  z.object({ kind: z.literal('head'), seq: z.int().nonnegative(), hash: z.string().regex(/^[0-9a-f]{64}$/) }),
  z.object({
    kind: z.literal('refund'),
    refundNo: z.string().min(1),
    tradeNo: z.string().min(1),
    orderNo: z.string().min(1),
    channel: z.enum(['alipay', 'wechat']),
    amountFen: z.int().positive(),
    reason: z.string(),
    why: z.enum(['asked', 'late', 'surplus']),
    /** Of journals from before refunds were found at wallets: here. */
    origin: z.enum(['here', 'lost', 'elsewhere']).default('here'),
    requestedAtMs: z.int(),
  }),
  z.object({
    kind: z.literal('refund_freed'),
    refundNo: z.string().min(1),
    state: z.enum(['closed', 'refused', 'withdrawn']),
    endedAtMs: z.int(),
  }),
]);
export type JournalEntry = z.infer<typeof Entry>;

export const entryOf = {
  order: ({ orderNo, amountFen, subject, note, source, createdAtMs }: Order): JournalEntry => ({
    kind: 'order',
    orderNo,
    amountFen,
    subject,
    note,
    source,
    createdAtMs,
  }),
  charge: ({ chargeId, orderNo, createdAtMs, expiresAtMs }: Charge): JournalEntry => ({
    kind: 'charge',
    chargeId,
    orderNo,
    createdAtMs,
    expiresAtMs,
  }),
  trade: (trade: Trade): JournalEntry => ({
    kind: 'trade',
    tradeNo: trade.tradeNo,
    orderNo: trade.orderNo,
    chargeId: trade.chargeId,
    channel: trade.channel,
    amountFen: trade.amountFen,
    subject: trade.subject,
    createdAtMs: trade.createdAtMs,
    expiresAtMs: trade.expiresAtMs,
  }),
  head: ({ seq, hash }: LedgerHead): JournalEntry => ({ kind: 'head', seq, hash }),
  refund: (refund: Refund): JournalEntry => ({
    kind: 'refund',
    refundNo: refund.refundNo,
    tradeNo: refund.tradeNo,
    orderNo: refund.orderNo,
    channel: refund.channel,
    amountFen: refund.amountFen,
    reason: refund.reason,
    why: refund.why,
    origin: refund.origin,
    requestedAtMs: refund.requestedAtMs,
  }),
  /** Its part is free for another one, which may follow in this very journal. */
  refundFreed: ({ refundNo, state, endedAtMs }: Refund): JournalEntry => ({
    kind: 'refund_freed',
    refundNo,
    state: state as 'closed' | 'refused' | 'withdrawn',
    endedAtMs: endedAtMs ?? 0,
  }),
};

/** Entries that may wait for a disk that does not take them; beyond, only a new backup helps. */
const WAITING_MAX = 10_000;

export type Journal = ReturnType<typeof createJournal>;

/**
 * The trade journal: what was committed since the last backup, written beside the backups right after the
 * commit and never before it, in batches that are on disk when the next begins.
 */
export function createJournal(deps: {
  /** The folder to write to, asked anew for each file: it may have been pulled out. */
  folder(): string;
  nowMs(): number;
  /** The disk took everything (null), or refused. Entries wait; {@link Journal.retry} tries them again. */
  onState(error: unknown): void;
}) {
  let waiting: { line: string; sinceMs: number }[] = [];
  let lostSome = false;
  let writing: Promise<void> | null = null;
  let file: { handle: FileHandle; name: string } | null = null;

  async function opened(): Promise<FileHandle> {
    const name = journalName(deps.nowMs());
    if (file?.name === name) return file.handle;
    await file?.handle.close();
    file = null;
    const handle = await open(join(deps.folder(), name), 'a', 0o600);
    // A line that a power cut tore ends here; an empty line is nothing.
    await handle.appendFile('\n');
    file = { handle, name };
    return handle;
  }

  async function drain(): Promise<void> {
    // What is committed in the same turn goes to disk together.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting;
      try {
        const handle = await opened();
        await handle.appendFile(batch.map(({ line }) => `${line}\n`).join(''));
        await handle.datasync();
      } catch (error) {
        const { handle } = file ?? {};
        file = null;
        await handle?.close().catch(() => {});
        deps.onState(error);
        return;
      }
      waiting = waiting.slice(batch.length);
      deps.onState(null);
    }
  }

  function retry(): void {
    if (writing || waiting.length === 0) return;
    writing = drain().finally(() => {
      writing = null;
    });
  }

  return {
    add(entries: readonly JournalEntry[]): void {
      const sinceMs = deps.nowMs();
      for (const entry of entries) waiting.push({ line: JSON.stringify(entry), sinceMs });
      if (waiting.length > WAITING_MAX) {
        waiting = [];
        lostSome = true;
      }
      retry();
    },
    retry,
    /** How long the oldest committed entry has waited for the disk, ms; 0 when all is written. */
    lagMs(): number {
      const oldest = waiting[0];
      return oldest ? Math.max(0, deps.nowMs() - oldest.sinceMs) : 0;
    },
    /** True once when entries were given up, so that only a backup knows them. */
    takeLoss(): boolean {
      const lost = lostSome;
      lostSome = false;
      return lost;
    },
    /** Writes what waits, if the disk takes it. */
    async close(): Promise<void> {
      retry();
      await writing;
      await file?.handle.close();
      file = null;
    },
  };
}

/** Every whole entry of the journals in a folder, oldest first; lines that are none are counted. */
export function readJournals(folder: string): { entries: JournalEntry[]; unreadable: number } {
  const entries: JournalEntry[] = [];
  let unreadable = 0;
  for (const { path } of listJournals(folder)) {
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      if (line === '') continue;
      const entry = readEntry(line);
      if (entry) entries.push(entry);
      else unreadable += 1;
    }
  }
  return { entries, unreadable };
}

function readEntry(line: string): JournalEntry | undefined {
  try {
    return Entry.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
