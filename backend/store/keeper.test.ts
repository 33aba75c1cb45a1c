import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startKeeper } from './keeper.ts';

test('closed at once, it lets its thread load SQLite first: cut off there, Node ends the whole till', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  await startKeeper(join(dir, 'till.db')).close();
  expect(existsSync(join(dir, 'till.db'))).toBe(true);
});
