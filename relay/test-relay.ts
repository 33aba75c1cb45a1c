import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry as Metrics } from 'prom-client';
import { type Clock, systemClock } from '../ports/clock.ts';
import { silentLog } from '../ports/log.ts';
import { systemRandom } from '../ports/random.ts';
import { listen } from '../ports/service.ts';
import { systemEndOfTurn } from '../ports/turn.ts';
import { ADMISSION_LIMITS } from './admission.ts';
import { MAILBOX_LIMITS, type Mailbox, type MailboxLimits } from './mailbox.ts';
import { createRegistry } from './registry.ts';
import { createRelay, type RelayDeps } from './relay.ts';
import { openRelayDatabase } from './sqlite/database.ts';
import { createSqliteJournal } from './sqlite/journal.ts';
import { createSqliteMailbox } from './sqlite/mailbox.ts';
import { ADMIN_TOKEN } from './test-till.ts';

export interface TestRelay {
  origin: string;
  mailbox: Mailbox;
  /** The text of `GET /metrics`. */
  metrics(): Promise<string>;
  /** Ends it and starts another on the same data and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A relay in this process, on SQLite in a folder of its own and a free port. */
export async function startTestRelay(
  change: Partial<RelayDeps> & { limits?: Partial<MailboxLimits>; wrap?(mailbox: Mailbox): Mailbox } = {},
): Promise<TestRelay> {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-relay-'));
  const clock: Clock = change.clock ?? systemClock();
  let port = 0;

  async function start() {
    const storage = openRelayDatabase(dir);
    const shared = {
      clock,
      random: systemRandom(),
      endOfTurn: systemEndOfTurn,
      log: change.log ?? silentLog(),
    };
    const limits = { ...MAILBOX_LIMITS, ...change.limits };
    const bare = createSqliteMailbox({ ...shared, db: storage.db, limits });
    const mailbox = change.wrap?.(bare) ?? bare;
    const registry = await createRegistry({ ...shared, journal: createSqliteJournal(storage.db) });
    let origin = '';
    const relay = await createRelay({
      ...shared,
      mailbox,
      registry,
      metrics: new Metrics(),
      adminToken: ADMIN_TOKEN,
      publicUrl: () => origin,
      window: limits.window,
      trustedProxies: [],
      admission: ADMISSION_LIMITS,
      walletKeys: null,
      ...change,
    });
    origin = await listen(relay.server, { host: '127.0.0.1', port });
    port = Number(new URL(origin).port);
    return { storage, relay, mailbox, origin };
  }

  let running = await start();
  async function halt() {
    await running.relay.stop();
    await running.mailbox.close();
    running.storage.close();
  }
  return {
    origin: running.origin,
    mailbox: running.mailbox,
    metrics: async () => await (await fetch(`${running.origin}/metrics`)).text(),
    async restart() {
      await halt();
      running = await start();
    },
    async stop() {
      await halt();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
