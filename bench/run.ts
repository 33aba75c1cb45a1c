import { spawnSync } from 'node:child_process';

/**
 * `npm run bench [name …]`: every measurement beside its peer and its limit, printed as ratios. Run by hand on
 * a quiet machine; nothing here is a test.
 */
const BENCHES: Record<string, () => Promise<{ run(): Promise<void> }>> = {
  sign: () => import('./sign.ts'),
  call: () => import('./call.ts'),
  charge: () => import('./charge.ts'),
  mutex: () => import('./mutex.ts'),
  storage: () => import('./storage.ts'),
  reports: () => import('./reports.ts'),
  ledger: () => import('./ledger.ts'),
  reconcile: () => import('./reconcile.ts'),
  'start-backlog': () => import('./start-backlog.ts'),
  notification: () => import('./notification.ts'),
  relay: () => import('./relay.ts'),
  'relay-rabbit': () => import('./relay-rabbit.ts'),
  'relay-idle': () => import('./relay-idle.ts'),
  window: () => import('./window.ts'),
  'renderer-size': () => import('./renderer-size.ts'),
};

const wanted = process.argv.slice(2);
const [only] = wanted;
if (wanted.length === 1 && only !== undefined && only in BENCHES) {
  await (await BENCHES[only]?.())?.run();
  process.exit();
}
// Each in a process of its own: what one leaves on the heap must not weigh on the next.
for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) {
  spawnSync(process.execPath, [import.meta.filename, name], { stdio: 'inherit' });
}
