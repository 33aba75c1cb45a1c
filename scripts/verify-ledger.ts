import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BadEntry, verifyChain } from './ledger/chain.ts';
import { headCheck, journalHeads, type KnownHead, type LostHead, readHead } from './ledger/heads.ts';
import { openLedger } from './ledger/open.ts';
import { type Mismatch, verifyShop, verifyStates } from './ledger/states.ts';

const HELP = `Usage: npm run verify-ledger -- --data DIR|FILE [--head HASH[@SEQ]]... [--journal DIR] [--json]

  --data DIR|FILE  the till's data folder, its database, or a backup; only read, also while the till runs
  --head HASH@SEQ  what a shift's slip says of the ledger: its hash, of which the first 16 digits are enough, @, and
                   the number of the entry; a cut or rewritten ledger does not hold it
  --journal DIR    where the backups and their journals are [backups in the data folder]
  --json           the result as JSON

Ends with 0 when everything agrees, 1 when not, 2 when asked wrongly, 3 when the file cannot be read.
`;

/** Rows that disagree are named up to here; all are counted. */
const NAMED_MAX = 100;
const PROGRESS_MS = 1_000;

interface Verdict {
  ok: boolean;
  file: string;
  entries: number;
  head: string;
  bad: BadEntry | null;
  lostHeads: LostHead[];
  mismatchCount: number;
  mismatches: Mismatch[];
  ms: number;
}

/** `npm run verify-ledger`: whether the ledger is as it was written, and the rest of the database as the ledger says. */
function main(): number {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      head: { type: 'string', multiple: true },
      journal: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help || values.data === undefined) {
    process.stdout.write(HELP);
    return values.help ? 0 : 2;
  }
  const asked = (values.head ?? []).map(readHead);
  if (asked.includes(undefined)) {
    process.stderr.write(
      'A head is the first 16 to 64 digits of the hash on the slip, @, and the number of the entry.\n账本末端：小票上哈希的前 16 至 64 位、@、条目号。\n',
    );
    return 2;
  }
  const isFolder = existsSync(values.data) && statSync(values.data).isDirectory();
  const file = isFolder ? join(values.data, 'till.sqlite') : values.data;
  const journal = values.journal ?? (isFolder ? join(values.data, 'backups') : undefined);
  const kept = journal !== undefined && (values.journal || existsSync(journal)) ? journalHeads(journal) : [];
  const verdict = verify(file, [...(asked as KnownHead[]), ...kept]);
  if (values.json) process.stdout.write(`${JSON.stringify(verdict)}\n`);
  else process.stdout.write(said(verdict));
  return verdict.ok ? 0 : 1;
}

function verify(file: string, heads: readonly KnownHead[]): Verdict {
  const started = performance.now();
  const { db, close } = openLedger(file);
  try {
    if (!db.prepare("SELECT 1 FROM pragma_table_info('events') WHERE name = 'prev_hash'").get())
      throw new NoLedger(`${file} holds no ledger: it is of an older version, or no till's.`);
    const total = db.prepare<[], number>('SELECT count(*) FROM events').pluck().get() ?? 0;
    const check = headCheck(heads);
    const tell = progress(total);
    const { sound, bad, head } = verifyChain(db, (row, done) => {
      check.see(row);
      tell(done);
    });
    const mismatches: Mismatch[] = [];
    let mismatchCount = 0;
    const found = (mismatch: Mismatch) => {
      mismatchCount += 1;
      if (mismatches.length < NAMED_MAX) mismatches.push(mismatch);
    };
    if (bad?.kind !== 'unreadable') {
      verifyShop(db, found);
      verifyStates(db, found);
    }
    // What follows a bad entry was not read: a head of it is not lost for that.
    const lostHeads = check
      .lost()
      .filter(({ seq }) => bad === null || bad.kind === 'cut' || seq === null || seq <= head.seq);
    const isLost = lostHeads.some(({ from, restoredAt }) => from === 'asked' || restoredAt === null);
    return {
      ok: bad === null && mismatchCount === 0 && !isLost,
      file,
      entries: sound,
      head: `${head.hash}@${head.seq}`,
      bad,
      lostHeads,
      mismatchCount,
      mismatches,
      ms: Math.round(performance.now() - started),
    };
  } finally {
    close();
  }
}

class NoLedger extends Error {}

/** Says on stderr how far it is, where it takes long. */
function progress(total: number): (done: number) => void {
  let nextMs = performance.now() + PROGRESS_MS;
  return (done) => {
    if (done % 1_024 !== 0 || performance.now() < nextMs) return;
    nextMs = performance.now() + PROGRESS_MS;
    process.stderr.write(`${done.toLocaleString('en')} of ${total.toLocaleString('en')} entries\n`);
  };
}

function said(verdict: Verdict): string {
  const { bad, lostHeads, mismatches, mismatchCount } = verdict;
  const lines = [`${verdict.file}: ${verdict.entries} entries read in ${(verdict.ms / 1_000).toFixed(1)} s.`];
  if (bad) lines.push(...BAD[bad.kind](bad));
  lines.push(...lostHeads.filter(({ from }) => from === 'asked').flatMap(lostHead));
  // A journal has one for every sale: the first of them tells from where on.
  const ofJournal = Map.groupBy(
    lostHeads.filter(({ from }) => from === 'journal'),
    ({ restoredAt }) => restoredAt,
  );
  for (const [first, ...more] of ofJournal.values()) {
    if (first) lines.push(...lostHead(first));
    if (more.length > 0) lines.push(`… and ${more.length} later ones. 此后另有 ${more.length} 处。`);
  }
  for (const { table, key, column, ledger, row } of mismatches)
    lines.push(
      `${table} ${key}: ${column} is ${row ?? 'gone'}, the ledger says ${ledger ?? 'nothing of it'}.`,
    );
  if (mismatchCount > mismatches.length) lines.push(`… and ${mismatchCount - mismatches.length} more.`);
  if (mismatchCount > 0) lines.push(`${mismatchCount} 处记录与账本不符。`);
  lines.push(
    verdict.ok ? 'Everything agrees. 账本完好。' : 'The ledger does not agree. 账本有问题。',
    `Head 账本末端: ${verdict.head}`,
  );
  // What the file says is not to write on the reader's screen but in its line.
  return `${lines.map((line) => line.replaceAll(/\p{Cc}/gu, '\uFFFD')).join('\n')}\n`;
}

function lostHead({ hash, seq, from, restoredAt }: LostHead): string[] {
  const where = `${hash}${seq === null ? '' : `@${seq}`}${from === 'journal' ? ' (journal)' : ''}`;
  return restoredAt === null
    ? [
        `The ledger does not hold ${where}: it was cut, or written anew.`,
        `账本中没有 ${where}：账本被截断或改写。`,
      ]
    : [
        `${where} was lost in the restore that entry ${restoredAt} tells of.`,
        `${where} 在第 ${restoredAt} 条所记的恢复中丢失。`,
      ];
}

const named = ({ seq, type, orderNo }: BadEntry) =>
  `entry ${seq}${type === null ? '' : ` (${type}${orderNo === null ? '' : `, order ${orderNo}`})`}`;

const BAD: Record<BadEntry['kind'], (bad: BadEntry) => string[]> = {
  changed: (bad) => [`First bad entry: ${named(bad)} was changed.`, `首个问题：第 ${bad.seq} 条被改动。`],
  inserted: (bad) => [
    `First bad entry: ${named(bad)} was put in.`,
    `首个问题：第 ${bad.seq} 条是后来插入的。`,
  ],
  missing: (bad) => [
    `First bad entry: ${named(bad)}; what was before it, after entry ${bad.after}, is gone.`,
    `首个问题：第 ${bad.seq} 条之前、第 ${bad.after} 条之后有记录被删除。`,
  ],
  cut: (bad) => [`What followed entry ${bad.seq} is gone.`, `第 ${bad.seq} 条之后的记录被删除。`],
  unreadable: (bad) => [
    `The file is damaged after entry ${bad.seq}. Restore a backup: npm run restore`,
    `第 ${bad.seq} 条之后文件损坏，请恢复备份。`,
  ],
};

try {
  process.exitCode = main();
} catch (error) {
  const { code, message } = error as { code?: unknown; message: string };
  if (!(error instanceof NoLedger) && code === undefined) throw error;
  process.stderr.write(`${message}\n`);
  process.exitCode = String(code).startsWith('ERR_PARSE_ARGS') ? 2 : 3;
}
