import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEDGER_START } from '../../backend/domain/ledger.ts';
import type { Row } from './chain.ts';

/** Where the ledger had come to, as somebody kept it elsewhere. */
export interface KnownHead {
  seq: number | null;
  hash: string;
  /** `asked`: given by hand, from a shift's slip · `journal`: kept beside the backups. */
  from: 'asked' | 'journal';
}

/** A head that the ledger does not hold. `restoredAt`: the entry that says that a restore lost it. */
export interface LostHead extends KnownHead {
  restoredAt: number | null;
}

/** `HASH` or `HASH@SEQ`; undefined when it is neither. */
export function readHead(text: string): KnownHead | undefined {
  const match = /^([0-9a-f]{64})(?:@(\d{1,15}))?$/i.exec(text.trim());
  if (!match) return undefined;
  const [, hash = '', seq] = match;
  return { hash: hash.toLowerCase(), seq: seq === undefined ? null : Number(seq), from: 'asked' };
}

/** Every head in the journals of a folder and of the folders in it. Lines that are none are not for here. */
export function journalHeads(dir: string): KnownHead[] {
  const heads: KnownHead[] = [];
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) heads.push(...journalHeads(join(dir, entry.name)));
    if (!/^journal-\d{8}\.jsonl$/.test(entry.name)) continue;
    for (const line of readFileSync(join(dir, entry.name), 'utf8').split('\n')) {
      const found = /^\{"kind":"head","seq":(\d{1,15}),"hash":"([0-9a-f]{64})"\}$/.exec(line);
      if (found) heads.push({ seq: Number(found[1]), hash: found[2] ?? '', from: 'journal' });
    }
  }
  return heads;
}

/** Holds heads against the entries of the ledger as they are read. */
export function headCheck(heads: readonly KnownHead[]) {
  const missing = new Map(heads.map((head) => [`${head.hash}@${head.seq ?? ''}`, head]));
  const restores: { seq: number; fromSeq: number }[] = [];
  // Of an empty ledger.
  missing.delete(`${LEDGER_START}@0`);
  missing.delete(`${LEDGER_START}@`);

  return {
    see(row: Row): void {
      missing.delete(`${row.own}@${row.seq}`);
      missing.delete(`${row.own}@`);
      if (row.type === 'ledger.restored')
        restores.push({ seq: row.seq, fromSeq: JSON.parse(row.data ?? '{}').backup?.seq ?? 0 });
    },
    lost(): LostHead[] {
      return [...missing.values()].map((head) => ({
        ...head,
        restoredAt:
          restores.find(({ seq, fromSeq }) => head.seq !== null && head.seq > fromSeq && head.seq < seq)
            ?.seq ?? null,
      }));
    },
  };
}
