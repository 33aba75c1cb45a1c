import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { StorageError } from '../backend/store/database.ts';
import { findBackups, lookInto, restore } from '../backend/store/restore.ts';
import { systemClock } from '../ports/clock.ts';

const HELP = `Usage: npm run restore -- --data DIR [--backup DIR] [--from FILE] [--yes]

  --data DIR    the till's data folder
  --backup DIR  where its backups are [backups in the data folder]
  --from FILE   a certain backup, instead of the newest
  --yes         do not ask
`;

/** `npm run restore`: puts a backup in the place of a damaged database. The till must not be running. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      backup: { type: 'string' },
      from: { type: 'string' },
      yes: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help || values.data === undefined) {
    process.stdout.write(HELP);
    return values.help ? 0 : 2;
  }
  const nowMs = systemClock().nowMs();
  const from =
    values.from === undefined
      ? newest(values.backup ?? join(values.data, 'backups'), nowMs)
      : resolve(values.from);
  if (from === null) return 1;
  const held = lookInto(from);
  say(
    `\n${from}\n  ${held.orders} orders, ${held.trades} trades, ${held.unfinished} not finished. Newer ones are taken from the journal in ${dirname(from)}.`,
    `  ${held.orders} 单，${held.trades} 笔交易，${held.unfinished} 笔未完成。更新的交易取自同一文件夹的流水。`,
  );
  if (!values.yes && !(await confirmed())) return 1;
  const done = restore(values.data, from, nowMs);
  say(
    `\nRestored. ${done.newer} newer trades came from the journal; ${done.toAsk} trades are asked about at the next start, and nothing new is charged until their wallets have answered.`,
    `已恢复。流水补回 ${done.newer} 笔交易；下次启动将向钱包核对 ${done.toAsk} 笔，核对完成前不收新款。`,
  );
  if (done.unreadable > 0)
    say(
      `${done.unreadable} lines of the journal could not be read.`,
      `流水中有 ${done.unreadable} 行无法读取。`,
    );
  if (done.keptAside) say(`What was there is kept: ${done.keptAside}`, '原数据库已改名保留。');
  return 0;
}

/** Shows what there is; the newest backup when they are all of one till. */
function newest(dir: string, nowMs: number): string | null {
  const found = findBackups(dir);
  for (const each of found) {
    const hours = ((nowMs - each.atMs) / 3_600_000).toFixed(1);
    process.stdout.write(
      `  ${each.tillId}  ${new Date(each.atMs).toISOString()}  ${hours} h  v${each.schema}  ${(each.bytes / 1e6).toFixed(1)} MB  ${each.path}\n`,
    );
  }
  if (found.length === 0) {
    say(
      `There is no backup in ${dir}. Name the folder with --backup.`,
      '没有找到备份，请用 --backup 指定文件夹。',
    );
    return null;
  }
  if (new Set(found.map((each) => each.tillId)).size > 1) {
    say(
      'These are backups of several tills. Choose one with --from.',
      '这里有多台收款台的备份，请用 --from 指定。',
    );
    return null;
  }
  return found[0]?.path ?? null;
}

async function confirmed(): Promise<boolean> {
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await asking.question('\nPut it in place? 确定恢复？ [y/N] ')).trim());
  } finally {
    asking.close();
  }
}

function say(en: string, zh: string): void {
  process.stdout.write(`${en}\n${zh}\n`);
}

try {
  process.exitCode = await main();
} catch (error) {
  const isTold = error instanceof StorageError || (error as { code?: unknown }).code !== undefined;
  if (!isTold) throw error;
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 3;
}
