import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { systemRandom } from '../ports/random.ts';
import { SimClock } from '../ports/sim-clock.ts';
import { enrolRequest } from '../wire/relay.ts';
import { createRegistry, type Journal, type Registry } from './registry.ts';

let clock: SimClock;
let records: string[];
let followers: ((record: string) => void)[];
let journal: Journal;
let registry: Registry;
const keys = generateKeyPairSync('ed25519');
const others = generateKeyPairSync('ed25519');

const node = () => createRegistry({ journal, clock, random: systemRandom() });

beforeEach(async () => {
  clock = new SimClock(1_800_000_000_000);
  records = [];
  followers = [];
  journal = {
    async follow(apply) {
      for (const record of records) apply(record);
      followers.push(apply);
    },
    async append(record) {
      records.push(record);
      for (const follow of followers) follow(record);
    },
  };
  registry = await node();
});

test('a till is known once it has brought its key with the code', async () => {
  const { code } = await registry.invite('a');
  expect(code).toMatch(/^[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}$/);
  expect(registry.find('a')).toBeUndefined();
  expect(registry.invited()).toEqual(['a']);
  expect(await registry.enrol(enrolRequest({ till: 'a', code: code.toLowerCase() }, keys))).toBe(true);
  expect(registry.find('a')?.key.equals(keys.publicKey)).toBe(true);
  expect(registry.invited()).toEqual([]);
});

test('a code works once, for its till, for an hour', async () => {
  const { code } = await registry.invite('a');
  await registry.invite('b');
  expect(await registry.enrol(enrolRequest({ till: 'b', code }, keys))).toBe(false);
  expect(await registry.enrol(enrolRequest({ till: 'c', code }, keys))).toBe(false);
  expect(await registry.enrol(enrolRequest({ till: 'a', code }, keys))).toBe(true);
  expect(await registry.enrol(enrolRequest({ till: 'a', code }, others))).toBe(false);
  const late = await registry.invite('b');
  clock.jumpWall(3_600_001);
  expect(await registry.enrol(enrolRequest({ till: 'b', code: late.code }, keys))).toBe(false);
});

test('a later code makes the earlier one worthless', async () => {
  const first = await registry.invite('a');
  const second = await registry.invite('a');
  expect(await registry.enrol(enrolRequest({ till: 'a', code: first.code }, keys))).toBe(false);
  expect(await registry.enrol(enrolRequest({ till: 'a', code: second.code }, keys))).toBe(true);
});

test('a key is not taken from somebody who does not hold it', async () => {
  const { code } = await registry.invite('a');
  const request = enrolRequest({ till: 'a', code }, keys);
  const forged = { ...request, signature: enrolRequest({ till: 'a', code }, others).signature };
  expect(await registry.enrol(forged)).toBe(false);
  expect(await registry.enrol({ ...request, publicKey: 'A'.repeat(42) })).toBe(false);
  expect(await registry.enrol(request)).toBe(true);
});

test('of two nodes that take one code at once, one wins, and both know which', async () => {
  const { code } = await registry.invite('a');
  const second = await node();
  const append = journal.append;
  const held: (() => Promise<void>)[] = [];
  journal.append = (record) =>
    new Promise((resolve) => held.push(() => append(record).then(() => resolve(undefined))));
  const answers = Promise.all([
    registry.enrol(enrolRequest({ till: 'a', code }, keys)),
    second.enrol(enrolRequest({ till: 'a', code }, others)),
  ]);
  while (held.length < 2) await new Promise((resolve) => setImmediate(resolve));
  for (const go of held) await go();
  expect(await answers).toEqual([true, false]);
  for (const each of [registry, second]) expect(each.find('a')?.key.equals(keys.publicKey)).toBe(true);
});

test('a revoked or replaced key is told of', async () => {
  const gone: string[] = [];
  registry.onRevoked((till) => gone.push(till));
  const first = await registry.invite('a');
  await registry.enrol(enrolRequest({ till: 'a', code: first.code }, keys));
  const second = await registry.invite('a');
  expect(gone).toEqual([]);
  await registry.enrol(enrolRequest({ till: 'a', code: second.code }, others));
  expect(gone).toEqual(['a']);
  expect(await registry.revoke('a')).toBe(true);
  expect(gone).toEqual(['a', 'a']);
  expect(registry.find('a')).toBeUndefined();
  expect(await registry.revoke('a')).toBe(false);
});

test('the journal alone brings everything back, and holds no code', async () => {
  const first = await registry.invite('a');
  await registry.enrol(enrolRequest({ till: 'a', code: first.code }, keys));
  const open = await registry.invite('b');
  const again = await node();
  expect(again.list().map(({ till }) => till)).toEqual(['a']);
  expect(await again.enrol(enrolRequest({ till: 'b', code: open.code }, keys))).toBe(true);
  const text = records.join();
  for (const { code } of [first, open]) expect(text).not.toContain(code.replaceAll('-', ''));
});

test('a journal of a newer version is not half understood', async () => {
  records.push(JSON.stringify({ kind: 'renamed', till: 'a' }));
  await expect(node()).rejects.toThrow();
});
