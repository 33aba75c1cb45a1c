import { Registry } from 'prom-client';
import { type Backend, type BackendPorts, createBackend } from '../../backend/backend.ts';
import { type Db, openMemoryDatabase } from '../../backend/store/database.ts';
import { silentLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { SimClock } from '../../ports/sim-clock.ts';
import { ScriptedProvider } from './provider.ts';
import { relayNowhere } from './relay.ts';

/** 2026-11-21 14:32:10 in the store. */
export const START_MS = Date.parse('2026-11-21T14:32:10.000+08:00');
export const TTL_MS = 120_000;
export const API_KEY = 'test-key-0123456789';

export interface TestTill {
  backend: Backend;
  clock: SimClock;
  db: Db;
  alipay: ScriptedProvider;
  wechat: ScriptedProvider;
}

/** The real backend on a simulated clock, with scripted wallets and a database in memory. */
export function testTill(change: Partial<BackendPorts> = {}): TestTill {
  // Whoever brings another kind of clock keeps it.
  const clock = (change.clock ?? new SimClock(START_MS)) as SimClock;
  const db = change.db ?? openMemoryDatabase();
  const alipay = new ScriptedProvider('alipay');
  const wechat = new ScriptedProvider('wechat');
  const backend = createBackend({
    clock,
    random: systemRandom(),
    endOfTurn: (task) => void clock.after(0, task),
    log: silentLog(),
    db,
    providers: [alipay, wechat],
    metrics: new Registry(),
    mode: 'sandbox',
    version: '0.0.0',
    shopName: '面付',
    timeZone: 'Asia/Shanghai',
    phoneUrl: null,
    chargeTtlMs: TTL_MS,
    amountMaxFen: 10_000_000_000,
    refundAutomaticMaxFen: 20_000,
    webhook: null,
    apiKey: API_KEY,
    allowedHosts: [],
    uiDir: undefined,
    relay: relayNowhere(),
    ...change,
  });
  return { backend, clock, db, alipay, wechat };
}
