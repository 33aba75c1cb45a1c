import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { NOT_YET } from './not-yet.ts';
import { RUNNERS } from './runners.ts';
import { type Facts, Refused, type Runner, type Vector, vectorFileShape } from './vector.ts';

const folder = resolve(
  process.env.MIANFU_VECTORS || join(import.meta.dirname, '..', '..', '..', 'shared', 'vectors'),
);
const present = existsSync(folder);
const inCi = process.env.CI === 'true' || process.env.CI === '1';

test('the folder of vectors is there, or its absence is said', (context) => {
  if (present) return;
  const message = `No vectors at ${folder}: nothing of the wire protocols is checked. Set MIANFU_VECTORS.`;
  if (inCi) throw new Error(message);
  console.warn(`\n!! ${message}\n`);
  context.skip(message);
});

test('a suite that is not yet built has no runner, so that the list can only shrink', () => {
  expect(Object.keys(NOT_YET).filter((suite) => suite in RUNNERS)).toEqual([]);
});

const files = present ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];

if (present)
  test('the folder of vectors is not empty', () => {
    expect(files).not.toEqual([]);
  });

for (const file of files.sort()) {
  const parsed = vectorFileShape.safeParse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
  const suite = parsed.data?.suite ?? '';
  describe(file, () => {
    test('is a file of vectors of a suite that is known', () => {
      expect(parsed.error?.message).toBeUndefined();
      expect(suite in RUNNERS || suite in NOT_YET, `unknown suite "${suite}"`).toBe(true);
    });
    const runner = RUNNERS[suite];
    if (!runner) return;
    test.each(parsed.data?.vectors ?? [])('$name', (vector) => expectFacts(runner, vector));
  });
}

/** Everything that `expected` states is compared; a statement that the runner knows nothing of fails. */
async function expectFacts(runner: Runner, vector: Vector): Promise<void> {
  let facts: Facts;
  try {
    facts = await runner(vector);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    facts = { error: true };
  }
  const statements = Object.keys(vector.expected);
  expect(statements.length).toBeGreaterThan(0);
  for (const name of statements) {
    expect(name in facts, `nothing is known about "${name}"`).toBe(true);
    expect(facts[name], name).toEqual(vector.expected[name]);
  }
}
