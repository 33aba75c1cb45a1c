import type { Registry as Metrics } from 'prom-client';
import { type Clock, HOUR } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import { listen } from '../ports/service.ts';
import { type Settings, SettingsError } from '../ports/settings.ts';
import type { EndOfTurn } from '../ports/turn.ts';
import { makeAdminToken, readAdminToken } from './admin-token.ts';
import { ADMISSION_LIMITS } from './admission.ts';
import { MAILBOX_LIMITS, type Mailbox, type MailboxLimits } from './mailbox.ts';
import { openRabbit } from './rabbit/open.ts';
import { createRegistry, type Journal } from './registry.ts';
import { createRelay } from './relay.ts';
import { openRelayDatabase } from './sqlite/database.ts';
import { createSqliteJournal } from './sqlite/journal.ts';
import { createSqliteMailbox } from './sqlite/mailbox.ts';
import { createWalletKeys } from './wallet-keys.ts';

export interface RelayPorts {
  clock: Clock;
  random: Random;
  endOfTurn: EndOfTurn;
  log: Log;
  metrics: Metrics;
}

interface Keeping {
  mailbox: Mailbox;
  journal: Journal;
  close(): Promise<void>;
}

/** The relay as the settings say. Throws `SettingsError` or `StartError` when it cannot start. */
export async function runRelay(
  settings: Settings,
  ports: RelayPorts,
): Promise<{ origin: string; lines: string[]; stop(): Promise<void> }> {
  const limits: MailboxLimits = {
    ...MAILBOX_LIMITS,
    waitingMax: settings.mailboxMaxCount,
    waitingBytesMax: settings.mailboxMaxBytes,
    keepMs: settings.mailboxKeepHours * HOUR,
  };
  const keeping = await openKeeping(settings, ports, limits);
  try {
    const adminToken = readAdminToken(settings) ?? makeAdminToken(settings, ports.random);
    const registry = await createRegistry({ ...ports, journal: keeping.journal });
    let origin = '';
    const relay = await createRelay({
      ...ports,
      registry,
      mailbox: keeping.mailbox,
      adminToken,
      publicUrl: () => settings.publicUrl ?? origin,
      window: limits.window,
      trustedProxies: settings.trustedProxies,
      walletKeys: settings.walletKeys === undefined ? null : createWalletKeys(settings.walletKeys),
      admission: {
        ...ADMISSION_LIMITS,
        perTill: settings.tillRatePerSecond,
        perTillOfSource: 0.8 * settings.tillRatePerSecond,
        // A wallet's few addresses serve many tills.
        perSource: 4 * settings.tillRatePerSecond,
        inAll: Math.max(ADMISSION_LIMITS.inAll, settings.tillRatePerSecond),
      },
    });
    origin = await listen(relay.server, { host: settings.host, port: settings.port });
    return {
      origin,
      lines: [`operator ${origin}/operator`],
      async stop() {
        await relay.stop();
        await keeping.close();
      },
    };
  } catch (error) {
    await keeping.close();
    throw error;
  }
}

async function openKeeping(settings: Settings, ports: RelayPorts, limits: MailboxLimits): Promise<Keeping> {
  if (settings.rabbit !== undefined) {
    return await openRabbit({ ...ports, url: settings.rabbit, prefix: settings.rabbitPrefix, limits });
  }
  const storage = openRelayDatabase(folderOf(settings));
  const mailbox = createSqliteMailbox({ ...ports, db: storage.db, limits });
  return {
    mailbox,
    journal: createSqliteJournal(storage.db),
    async close() {
      await mailbox.close();
      storage.close();
    },
  };
}

function folderOf(settings: Settings): string {
  if (settings.data !== undefined) return settings.data;
  throw new SettingsError(
    '--data',
    'Say where the relay keeps its mailboxes: --data FOLDER, or --rabbit URL.',
  );
}
