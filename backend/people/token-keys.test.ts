import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemRandom } from '../../ports/random.ts';
import { openStorage } from '../store/database.ts';
import { createStore } from '../store/store.ts';
import { createTokenKeys, tokenKeyFile } from './token-keys.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-21T14:32:10.000+08:00');

/** Processes on one folder, each with what it has read of the till's keys. */
function folder() {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-keys-'));
  const open: { close(): void }[] = [];
  onTestFinished(() => {
    for (const each of open) each.close();
    rmSync(dir, { recursive: true });
  });
  const path = join(dir, 'token-keys.json');
  return {
    path,
    process(hooks: { beforeAlone?: () => void } = {}) {
      const storage = openStorage(dir, 'shared');
      open.push(storage);
      const store = createStore(storage.db);
      return createTokenKeys({
        place: tokenKeyFile(dir),
        random: systemRandom(),
        alone(work) {
          hooks.beforeAlone?.();
          return store.transact(work);
        },
        onUnkept: (error) => {
          throw error;
        },
      });
    },
  };
}

test('the file of the keys is closed to everybody else', () => {
  const { path, process: start } = folder();
  start().signing(NOW);
  expect(statSync(path).mode & 0o077).toBe(0);
});

test.each([
  ['their first key', 0],
  ['a new key', 31 * DAY],
])('processes that make %s at the same moment end up with one, and believe each other', (_, later) => {
  const { process: start } = folder();
  if (later > 0) start().signing(NOW);
  const other = start();
  if (later > 0) other.signing(NOW);
  // The other one gets in between this one's look and its turn.
  const one = start({ beforeAlone: () => void other.signing(NOW + later) });
  if (later > 0) one.signing(NOW + 1);
  const mine = one.signing(NOW + later);
  expect(mine.kid).toBe(other.signing(NOW + later).kid);
  expect(one.secret(NOW + later)).toEqual(other.secret(NOW + later));
  for (const each of [one, other, start()]) expect(each.verifying(mine.kid, NOW + later)).not.toBeNull();
});

test('a process that has not looked for a while believes a key that another made since', () => {
  const { process: start } = folder();
  const idle = start();
  const { kid } = idle.signing(NOW);
  const busy = start();
  const later = busy.signing(NOW + 31 * DAY);
  expect(later.kid).not.toBe(kid);
  expect(idle.verifying(later.kid, NOW + 31 * DAY)).not.toBeNull();
});

test.each(['', '{"keys":[]', '{"keys":[],"secret":""}'])(
  'a file that cannot be used (%s) is replaced by new keys',
  (text) => {
    const { path, process: start } = folder();
    const before = start().signing(NOW);
    writeFileSync(path, text);
    const keys = start();
    const after = keys.signing(NOW);
    expect(after.kid).not.toBe(before.kid);
    expect(keys.verifying(before.kid, NOW)).toBeNull();
    expect(JSON.parse(readFileSync(path, 'utf8')).keys).toHaveLength(1);
  },
);
