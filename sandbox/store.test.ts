import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { silentLog } from '../ports/log.ts';
import { systemRandom } from '../ports/random.ts';
import { StartError } from '../ports/service.ts';
import { SimClock } from '../ports/sim-clock.ts';
import { createSandbox } from './sandbox.ts';
import { DataFolder, Saver } from './store.ts';
import { START_MS, TestTill } from './test-till.ts';

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mianfu-sandbox-'));
  onTestFinished(async () => {
    await chmod(folder, 0o700);
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

async function started(dataDir: string) {
  const clock = new SimClock(START_MS);
  const ports = { clock, random: systemRandom(), log: silentLog() };
  const sandbox = await createSandbox({ ...ports, dataDir, publicOrigin: 'http://127.0.0.1' });
  return { sandbox, till: new TestTill(sandbox, () => clock.nowMs()) };
}

test('a restart keeps keys, certificates, trades, codes and refunds', async () => {
  const dataDir = await temporaryFolder();
  const first = await started(dataDir);
  const code = await first.till.precreate('T_0001');
  first.sandbox.ledger.pay(await first.till.precreate('T_0002'));
  await first.till.alipay('alipay.trade.cancel', { out_trade_no: 'T_0002' });
  await first.till.native('ORDER_0001');
  await first.till.control('POST', '/rotate', { to: 'next_certificate' });
  await first.sandbox.stop();

  const second = await started(dataDir);
  expect(second.sandbox.identity()).toEqual(first.sandbox.identity());
  expect(second.sandbox.ledger.view()).toEqual(first.sandbox.ledger.view());
  expect(second.sandbox.ledger.pay(code).ok).toBe(true);
  expect((await second.till.wechatQuery('ORDER_0001')).body.trade_state).toBe('NOTPAY');
});

test('what was answered is on disk before the answer, also when the answer is silence', async () => {
  const dataDir = await temporaryFolder();
  const { sandbox, till } = await started(dataDir);
  const on = { channel: 'wechat', operation: 'native' };
  await till.control('POST', '/faults', { on, fault: { kind: 'drop_after' } });
  const reply = await sandbox.handle(
    till.wechatRequest('POST', '/v3/pay/transactions/native', till.order('ORDER_0001')),
  );
  expect(reply).toEqual({ kind: 'silence', holdMs: 30_000 });
  const kept = JSON.parse(await readFile(join(dataDir, 'ledger.json'), 'utf8'));
  expect(kept.trades).toMatchObject([{ tradeNo: 'ORDER_0001', state: 'NOTPAY' }]);
});

test('the files are readable by their owner alone', async () => {
  const dataDir = join(await temporaryFolder(), 'new');
  const { till } = await started(dataDir);
  await till.precreate('T_0001');
  for (const name of ['identity.json', 'ledger.json'])
    expect((await stat(join(dataDir, name))).mode & 0o777).toBe(0o600);
});

test.for([
  ['identity.json', '{"version":1'],
  ['identity.json', '{"version":1,"alipay":{}}'],
  ['ledger.json', '{"trades":[{"channel":"alipay","amountFen":1.5}],"refunds":[]}'],
  ['ledger.json', ''],
] as const)('a damaged %s is named, and left as it is', async ([name, text]) => {
  const dataDir = await temporaryFolder();
  await started(dataDir);
  await writeFile(join(dataDir, name), text);
  const start = started(dataDir);
  await expect(start).rejects.toBeInstanceOf(StartError);
  await expect(start).rejects.toMatchObject({
    code: 'data_corrupt',
    message: expect.stringContaining(join(dataDir, name)),
  });
  expect(await readFile(join(dataDir, name), 'utf8')).toBe(text);
});

test('a data folder that is a file is named', async () => {
  const path = join(await temporaryFolder(), 'file');
  await writeFile(path, '');
  await expect(started(path)).rejects.toMatchObject({
    code: 'data_unusable',
    message: expect.stringContaining(path),
  });
});

test('a failed write leaves the old content and nothing beside it', async () => {
  const path = await temporaryFolder();
  const folder = await DataFolder.open(path);
  await folder.write('ledger.json', { count: 1 });
  // A folder in its place makes the rename fail, whoever runs this test.
  await mkdir(join(path, 'other.json', 'full'), { recursive: true });
  await expect(folder.write('other.json', {})).rejects.toMatchObject({ code: 'data_unusable' });
  expect(await folder.read('ledger.json', z.object({ count: z.number() }))).toEqual({ count: 1 });
  expect((await readdir(path)).sort()).toEqual(['ledger.json', 'other.json']);
});

test('a process killed while it writes leaves a whole file, and the next start clears the rest', async () => {
  const path = await temporaryFolder();
  const module = fileURLToPath(new URL('./store.ts', import.meta.url));
  const script = `
    const { DataFolder } = await import(${JSON.stringify(module)});
    const folder = await DataFolder.open(${JSON.stringify(path)});
    for (let count = 1; ; count++) {
      await folder.write('ledger.json', { count, filler: 'x'.repeat(2_000_000), end: count });
      process.stdout.write('.');
    }`;
  const shape = z.object({ count: z.number(), end: z.number() });
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    // After the second whole write the third is under way.
    let written = 0;
    for await (const piece of child.stdout) {
      written += piece.length;
      if (written >= 2) break;
    }
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    const folder = await DataFolder.open(path);
    const kept = await folder.read('ledger.json', shape);
    expect(kept?.count).toBe(kept?.end);
    expect(await readdir(path)).toEqual(['ledger.json']);
  }
});

test('many changes share a write, and each waits for one that carries it', async () => {
  let value = 0;
  const written: number[] = [];
  const saver = new Saver(async () => {
    const carried = value;
    await new Promise((resolve) => setImmediate(resolve));
    written.push(carried);
  });
  await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      value = index + 1;
      saver.changed();
      await saver.saved();
      expect(written.at(-1)).toBeGreaterThanOrEqual(index + 1);
    }),
  );
  expect(written.length).toBeLessThan(5);
});
