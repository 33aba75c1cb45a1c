import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StartError } from '../../ports/service.ts';
import { openRelayDatabase } from './database.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mianfu-relay-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function refusal(folder = dir): string | undefined {
  try {
    openRelayDatabase(folder).close();
  } catch (error) {
    if (error instanceof StartError) return error.code;
    throw error;
  }
  return undefined;
}

test('the schema is the one that is written down', async () => {
  const { db, close } = openRelayDatabase(dir);
  const rows = db
    .prepare<[], string>('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name')
    .pluck()
    .all();
  await expect(`${rows.map((sql) => `${sql};`).join('\n\n')}\n`).toMatchFileSnapshot('./schema.sql');
  expect(db.pragma('synchronous', { simple: true })).toBe(2);
  close();
});

test('a second relay is kept out of the folder while the first one runs', () => {
  const first = openRelayDatabase(dir);
  expect(refusal()).toBe('data_in_use');
  first.close();
  expect(refusal()).toBeUndefined();
});

test('data of a newer version is refused', () => {
  const { db, close } = openRelayDatabase(dir);
  db.pragma('user_version = 99');
  close();
  expect(refusal()).toBe('data_newer');
});

test('what is no database is refused', () => {
  writeFileSync(
    join(dir, 'relay.sqlite'),
    'no database at all, but long enough to be read as one'.repeat(100),
  );
  expect(refusal()).toBe('data_unusable');
  expect(refusal(join(dir, 'relay.sqlite', 'below-a-file'))).toBe('data_unusable');
});
