import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const depcruise = resolve('node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
let tree: string;

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'mianfu-imports-'));
  plant('package.json', '{"type":"module"}');
  plant('contract/order.ts', 'export type Order = string;\nexport const ORDER = 1;\n');
  plant(
    'backend/domain/money.ts',
    "import { ORDER } from '../../contract/order.ts';\nexport const FEN = ORDER;\n",
  );
  plant(
    'backend/services/charge.ts',
    "import { FEN } from '../domain/money.ts';\nexport const CHARGE = FEN;\n",
  );
  plant('backend/run.ts', "export { CHARGE } from './services/charge.ts';\n");
  plant('main/main.ts', "export { CHARGE } from '../backend/run.ts';\n");
});
afterEach(() => rmSync(tree, { recursive: true, force: true }));

function plant(path: string, text: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
}

/** Names of the rules that the planted tree breaks. */
async function broken(): Promise<string[]> {
  const config = resolve(import.meta.dirname, '..', '.dependency-cruiser.cjs');
  const args = [depcruise, '--config', config, '--output-type', 'json', '.'];
  const json = await new Promise<string>((done) => {
    execFile(process.execPath, args, { cwd: tree }, (_error, stdout) => done(stdout));
  });
  const { summary } = JSON.parse(json) as { summary: { violations: { rule: { name: string } }[] } };
  return [...new Set(summary.violations.map(({ rule }) => rule.name))].sort();
}

test('arrows that run down pass', async () => {
  expect(await broken()).toEqual([]);
});

test.each([
  ['a value from above', 'backend/domain/up.ts', "export { CHARGE } from '../services/charge.ts';"],
  [
    'a mere type from above',
    'contract/up.ts',
    "import type { CHARGE } from '../backend/run.ts';\nexport type Up = typeof CHARGE;",
  ],
  ['a late import', 'backend/store/up.ts', "export const late = () => import('../services/charge.ts');"],
  [
    'the backend from a window',
    'renderer/up.tsx',
    "import { CHARGE } from '../backend/run.ts';\nexport const up = <p>{CHARGE}</p>;",
  ],
  ['an unknown folder', 'helpers/up.ts', "export { ORDER } from '../contract/order.ts';"],
])('%s is caught', async (_what, path, text) => {
  plant(path, text);
  expect(await broken()).toContain('not-in-allowed');
});

test('Node in the contract is caught, and so is the till in the sandbox, and a cycle', async () => {
  plant('contract/node.ts', "import { join } from 'node:path';\nexport const x = join('a');\n");
  plant('sandbox/till.ts', "export { CHARGE } from '../backend/services/charge.ts';\n");
  plant('ports/a.ts', "import type { B } from './b.ts';\nexport type A = B;\n");
  plant('ports/b.ts', "import type { A } from './a.ts';\nexport type B = A | 1;\n");
  expect(await broken()).toEqual(
    expect.arrayContaining(['contract-and-domain-run-anywhere', 'sandbox-and-relay-stand-alone', 'no-cycle']),
  );
});

test('what is kept of past hours is for reports: another service that takes it is caught', async () => {
  plant('backend/services/kept-hours.ts', 'export const HOURS = 24;\n');
  plant('backend/services/reports.ts', "export { HOURS } from './kept-hours.ts';\n");
  expect(await broken()).toEqual([]);
  plant('backend/services/settle.ts', "export { HOURS } from './kept-hours.ts';\n");
  expect(await broken()).toEqual(['kept-figures-are-for-reports']);
});
