import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { LaunchOptions } from './launch.ts';

/**
 * The real main, preload and services around a page of a few lines, which shakes hands and asks one
 * question in oRPC's own format: what is left is the stand-in.
 */
const PAGE = `
globalThis.seen = [];
let asked = 0;
const connect = () => window.postMessage({ type: 'mianfu:connect', id: 'try' + ++asked }, location.origin);
window.addEventListener('message', (event) => {
  if (event.source !== window) return;
  if (event.data.type === 'mianfu:backend-restarted') connect();
  if (event.data.type !== 'mianfu:port') return;
  const port = event.ports[0];
  port.addEventListener('close', () => seen.push('closed'));
  port.onmessage = ({ data }) => seen.push(JSON.parse(data).p.b.json.mode);
  port.postMessage(JSON.stringify({ i: '1', p: { u: '/till/get', b: {} } }));
});
connect();
`;

export interface TinyApp {
  folder: string;
  options(env?: Record<string, string>, ...args: string[]): LaunchOptions;
  remove(): void;
}

/** Lays the built app out in a folder of its own, with the tiny page as its screens. */
export function tinyApp(): TinyApp {
  const folder = mkdtempSync(join(tmpdir(), 'mianfu-stand-in-'));
  cpSync(resolve('dist/main'), join(folder, 'main'), { recursive: true });
  cpSync(resolve('package.json'), join(folder, 'package.json'));
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'renderer'));
  writeFileSync(join(folder, 'renderer', 'index.html'), '<!doctype html><script src="page.js"></script>');
  writeFileSync(join(folder, 'renderer', 'page.js'), PAGE);
  return {
    folder,
    options: (env = {}, ...args) => ({
      main: join(folder, 'main', 'main.js'),
      args: [`--user-data-dir=${join(folder, 'data')}`, ...args],
      env: { MIANFU_LOG_LEVEL: 'error', MIANFU_SANDBOX: '', MIANFU_MERCHANT: '', ...env },
    }),
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}
