import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { APP_URL, appFiles, isAppUrl } from './app-protocol.ts';

const folder = mkdtempSync(join(tmpdir(), 'mianfu-app-'));
const root = join(folder, 'renderer');

beforeAll(() => {
  mkdirSync(join(root, 'assets'), { recursive: true });
  writeFileSync(join(root, 'index.html'), '<!doctype html>');
  writeFileSync(join(root, 'assets', 'a.js'), 'export {}');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  mkdirSync(join(folder, 'renderer-other'));
  writeFileSync(join(folder, 'renderer-other', 'x.js'), 'secret');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const get = (url: string, method = 'GET') => appFiles(root)({ url, method });

describe('the app is served from its own folder', () => {
  test('the root is index.html, with a policy that lets nothing in from outside', async () => {
    const response = await get(APP_URL);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(response.headers.get('content-security-policy')).not.toContain('unsafe-eval');
    expect(await response.text()).toBe('<!doctype html>');
  });

  test('a script has a type that the browser runs', async () => {
    const response = await get(`${APP_URL}assets/a.js?v=1`);
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  });

  test.each([
    '../secret.txt',
    '%2e%2e/secret.txt',
    '..%2fsecret.txt',
    'assets/..%2f..%2fsecret.txt',
    '..%5csecret.txt',
    'assets/%00',
    '%',
    '../renderer-other/x.js',
    '..%2frenderer-other%2fx.js',
    'assets',
    'nothing.js',
  ])('%s reaches nothing', async (path) => {
    expect((await get(APP_URL + path)).status).toBe(404);
  });

  test('other methods, hosts and schemes are refused', async () => {
    expect((await get(APP_URL, 'POST')).status).toBe(405);
    expect((await get('app://other/')).status).toBe(405);
    expect((await get('file:///etc/passwd')).status).toBe(405);
  });

  test('only its own address counts as the app', () => {
    expect(isAppUrl('app://mianfu/index.html')).toBe(true);
    for (const other of ['app://mianfu.example/', 'https://mianfu/', 'app://', '', 'about:blank'])
      expect(isAppUrl(other)).toBe(false);
  });
});
