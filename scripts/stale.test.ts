import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isStale } from './stale.ts';

let folder: string;
const file = (...names: string[]) => join(folder, ...names);
const writtenAt = (path: string, seconds: number) => {
  writeFileSync(path, '');
  utimesSync(path, seconds, seconds);
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mianfu-stale-'));
  mkdirSync(file('src', 'deep'), { recursive: true });
  writtenAt(file('src', 'deep', 'a.ts'), 1_000);
  writtenAt(file('built.js'), 2_000);
  for (const path of [file('src', 'deep'), file('src')]) utimesSync(path, 1_000, 1_000);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('what is newer than all its sources is kept', () => {
  expect(isStale(file('built.js'), [file('src'), file('not-there')])).toBe(false);
});

test('a newer source, or nothing built yet, asks for a build', () => {
  expect(isStale(file('nothing.js'), [file('src')])).toBe(true);
  writtenAt(file('src', 'deep', 'a.ts'), 3_000);
  expect(isStale(file('built.js'), [file('src')])).toBe(true);
});

test('a source that went away asks for a build', () => {
  rmSync(file('src', 'deep', 'a.ts'));
  expect(isStale(file('built.js'), [file('src')])).toBe(true);
});

test('a newer test asks for none', () => {
  writtenAt(file('src', 'a.test.ts'), 3_000);
  utimesSync(file('src'), 1_000, 1_000);
  expect(isStale(file('built.js'), [file('src')])).toBe(false);
});
