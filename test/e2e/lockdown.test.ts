import { afterAll, beforeAll, expect, test } from 'vitest';
import { Counter } from './counter.ts';

let counter: Counter;
beforeAll(async () => {
  counter = await Counter.open();
});
afterAll(async () => {
  await counter?.close();
});

const run = (script: string) => counter.page.evaluate(script);

test('the page has neither Node nor Electron, and a policy against foreign code', async () => {
  expect(await run('[typeof require, typeof process, typeof module, typeof global].join()')).toBe(
    'undefined,undefined,undefined,undefined',
  );
  expect(await run('Object.keys(mianfu).sort().join()')).toBe('platform,transport,version');
  // In a task of the page's own: what a debugger evaluates may evaluate.
  const evaluates = "setTimeout(() => { try { done(eval('1')) } catch (error) { done(error.name) } })";
  expect(await run(`new Promise((done) => ${evaluates})`)).toBe('EvalError');
  expect(await run("fetch('https://example.com/').then(() => 'came', () => 'refused')")).toBe('refused');
  expect(await run("fetch('http://127.0.0.1:9/').then(() => 'came', () => 'refused')")).toBe('refused');
});

test('the page stays where it is, whatever it tries', async () => {
  const home = counter.page.url();
  for (const script of [
    "location.href = 'https://example.com/'",
    "location.assign('http://127.0.0.1:9/')",
    "location.href = 'file:///etc/passwd'",
    "Object.assign(document.createElement('a'), { href: 'https://example.com/' }).click()",
  ]) {
    await run(`void (${script})`);
    await expect.poll(() => run('document.readyState')).toBe('complete');
    expect(counter.page.url()).toBe(home);
  }
  await counter.shows('idle');
});

test('foreign windows do not open; a wallet’s documentation opens in the person’s own browser, nothing else does', async () => {
  for (const address of [
    'https://example.com/',
    'file:///etc/passwd',
    'http://127.0.0.1:9/phone',
    'about:blank',
  ])
    await run(`void window.open(${JSON.stringify(address)})`);
  // Asked for last and so judged last: what the others led to has happened by then.
  const documentation = 'https://pay.weixin.qq.com/doc/v3/merchant/4012791877';
  await run(`void window.open(${JSON.stringify(documentation)})`);
  await expect.poll(() => counter.app.external(), { timeout: 10_000 }).toEqual([documentation]);
  expect(counter.app.windows()).toEqual([counter.page]);
});

test('the sandbox customer’s phone opens in a window of its own, without the till’s powers', async () => {
  await run(`void window.open(${JSON.stringify(`${counter.wallets}/phone`)})`);
  const isPhone = (url: string) => url.startsWith(`${counter.wallets}/phone`);
  const phone = await counter.app.window(isPhone);
  expect(counter.app.windows()).toEqual([counter.page, phone]);
  expect(await phone.evaluate('typeof mianfu + typeof require')).toBe('undefinedundefined');
  await phone.evaluate("void (location.href = 'https://example.com/')");
  await expect.poll(() => phone.evaluate('document.readyState')).toBe('complete');
  expect(isPhone(phone.url())).toBe(true);
});

test('permissions are denied without asking', async () => {
  expect(await run('Notification.requestPermission()')).not.toBe('granted');
  expect(
    await run(
      "new Promise((done) => navigator.geolocation.getCurrentPosition(() => done('came'), ({ code }) => done(code)))",
    ),
  ).toBe(1);
  expect(
    await run("navigator.mediaDevices.getUserMedia({ video: true }).then(() => 'came', () => 'refused')"),
  ).toBe('refused');
});

test('a second start brings the first to the front and ends', async () => {
  const before = counter.app.windows().length;
  await counter.app.startAgain();
  expect(counter.app.windows()).toHaveLength(before);
  await counter.shows('idle');
});
