import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openStorage } from '../../backend/store/database.ts';
import { createStore } from '../../backend/store/store.ts';
import { verifyChain } from './chain.ts';
import { openLedger } from './open.ts';

/** Every file with its bytes and when it was last changed; of a running till's index, which is no content, the name. */
const contents = (folder: string) =>
  readdirSync(folder).map((name) => {
    const path = join(folder, name);
    if (name.endsWith('-shm') || !statSync(path).isFile()) return name;
    return [name, statSync(path).mtimeMs, readFileSync(path).toString('base64')];
  });

test.each([
  ['a till that runs', []],
  ['a till that was shut', ['']],
  ['a till that lost its power', ['', '-wal', '-shm']],
  ['a till of which the log was saved, too', ['', '-wal']],
] as const)('the whole ledger of %s is read, with nothing changed and nothing left behind', (_, saved) => {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-open-'));
  const storage = openStorage(dir);
  onTestFinished(() => {
    storage.close();
    rmSync(dir, { recursive: true });
  });
  const store = createStore(storage.db);
  for (let n = 0; n < 3; n++)
    store.transact(() =>
      store.events.append({
        atMs: n,
        type: 'setting.changed',
        orderNo: null,
        tradeNo: null,
        fromState: null,
        toState: null,
        what: 'policy',
      }),
    );
  const head = store.events.head();
  let folder = dir;
  if (saved.length > 0) {
    if (saved.length === 1) storage.db.pragma('wal_checkpoint(TRUNCATE)');
    folder = join(dir, 'saved');
    mkdirSync(folder);
    for (const ending of saved)
      copyFileSync(`${storage.path}${ending}`, join(folder, `till.sqlite${ending}`));
  }
  const before = contents(folder);
  const { db, close } = openLedger(join(folder, 'till.sqlite'));
  expect(verifyChain(db, () => {})).toEqual({ sound: 3, bad: null, head });
  expect(() =>
    db.exec("INSERT INTO till (only_row, till_id, mode, created_at_ms) VALUES (1, 'T', 'live', 0)"),
  ).toThrow(/read-?only/);
  close();
  expect(contents(folder)).toEqual(before);
  if (db.name !== join(folder, 'till.sqlite')) expect(existsSync(db.name)).toBe(false);
});
