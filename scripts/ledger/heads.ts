import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEDGER_START } from '../../backend/domain/ledger.ts';
import type { Row } from './chain.ts';
import { factsOf } from './derive.ts';

/** Where the ledger had come to, as somebody kept it elsewhere. */
export interface KnownHead {
  seq: number | null;
  /** 64 digits; with a `seq` at least the first {@link GROUP}, as far as somebody typed them. */
  hash: string;
  /** `asked`: given by hand, from a shift's slip · `journal`: kept beside the backups. */
  from: 'asked' | 'journal';
}

/** A head that the ledger does not hold. `restoredAt`: the entry that says that a restore lost it. */
export interface LostHead extends KnownHead {
  restoredAt: number | null;
}

/** A slip prints the hash in groups of so many digits; one of them is enough to type. */
const GROUP = 16;

/** `HASH@SEQ`, of the hash at least the first group, or a whole `HASH`; undefined when it is neither. */
export function readHead(text: string): KnownHead | undefined {
  const match = /^([0-9a-f]{16,64})(?:@(\d{1,15}))?$/i.exec(text.replaceAll(/\s/g, ''));
  const [, hash = '', seq] = match ?? [];
  if (!match || (seq === undefined && hash.length < 4 * GROUP)) return undefined;
  return { hash: hash.toLowerCase(), seq: seq === undefined ? null : Number(seq), from: 'asked' };
}

/** Every head in the journals of a folder and of the folders in it, once, by place. Lines that are none are not for here. */
export function journalHeads(dir: string): KnownHead[] {
  const heads = [...readJournals(dir)].sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0));
  return heads.filter(({ seq, hash }, at) => heads[at - 1]?.seq !== seq || heads[at - 1]?.hash !== hash);
}

function* readJournals(dir: string): Generator<KnownHead> {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) yield* readJournals(join(dir, entry.name));
    if (!/^journal-\d{8}\.jsonl$/.test(entry.name)) continue;
    for (const line of readFileSync(join(dir, entry.name), 'utf8').split('\n')) {
      const found = /^\{"kind":"head","seq":(\d{1,15}),"hash":"([0-9a-f]{64})"\}$/.exec(line);
      if (found) yield { seq: Number(found[1]), hash: found[2] ?? '', from: 'journal' };
    }
  }
}

/** What `ledger.restored` says, of which this is looked at. */
interface RestoreFacts {
  backup: { seq: number };
}

/** Holds heads against the entries of the ledger as they are read. */
export function headCheck(heads: readonly KnownHead[]) {
  // Of an empty ledger nothing can be missing.
  const missing = new Set(
    heads.filter(({ hash, seq }) => !(LEDGER_START.startsWith(hash) && (seq ?? 0) === 0)),
  );
  const bySeq = Map.groupBy(missing, ({ seq }) => seq);
  const byHash = new Map((bySeq.get(null) ?? []).map((head) => [head.hash, head]));
  const restores: { seq: number; fromSeq: number }[] = [];

  return {
    see(row: Row): void {
      for (const head of bySeq.get(row.seq) ?? []) if (row.own.startsWith(head.hash)) missing.delete(head);
      const unplaced = byHash.get(row.own);
      if (unplaced) missing.delete(unplaced);
      if (row.type === 'ledger.restored')
        restores.push({ seq: row.seq, fromSeq: factsOf<RestoreFacts>(row.data).backup?.seq ?? 0 });
    },
    lost(): LostHead[] {
      return [...missing].map((head) => ({
        ...head,
        restoredAt:
          restores.find(({ seq, fromSeq }) => head.seq !== null && head.seq > fromSeq && head.seq < seq)
            ?.seq ?? null,
      }));
    },
  };
}
