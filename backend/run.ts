import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type Clock, MINUTE } from '../ports/clock.ts';
import type { Download } from '../ports/download.ts';
import { type HttpClient, HttpFault } from '../ports/http.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import { listen, StartError, serviceMetrics } from '../ports/service.ts';
import { type Settings, SettingsError } from '../ports/settings.ts';
import type { OpenSocket } from '../ports/socket.ts';
import type { EndOfTurn } from '../ports/turn.ts';
import { type Backend, createBackend } from './backend.ts';
import { createProviders, merchantNames } from './merchant.ts';
import { folderLocks, processLocks, redisLocks } from './open-locks.ts';
import { sessionsInDatabase, sessionsInRedis } from './open-people.ts';
import { tokenKeyFile } from './people/token-keys.ts';
import { keyFile } from './relay/keys.ts';
import type { WebhookTarget } from './services/webhook.ts';
import { adviseRestore, asStartError } from './start-errors.ts';
import { startSettings } from './start-settings.ts';
import { backupFolder, backupNow } from './store/backup-files.ts';
import { type Db, type OpenFile, openStorage } from './store/database.ts';
import { createDisk } from './store/disk.ts';
import { leasesTable } from './store/leases.ts';

export interface RunningBackend {
  backend: Backend;
  /** e.g. `http://127.0.0.1:8790`. */
  origin: string;
  stop(): Promise<void>;
}

export interface BackendWorld {
  clock: Clock;
  random: Random;
  endOfTurn: EndOfTurn;
  log: Log;
  newHttpClient(): HttpClient;
  /** Absent: bills are dropped in as files. */
  download?: Download;
  openSocket: OpenSocket;
  /** Absent: this machine's disk. */
  openFile?: OpenFile;
  version: string;
  /** The merchant's file when it came otherwise than by `settings.merchant`; its keys never touch the disk. */
  merchant: unknown;
}

/** Starts a backend from settings: storage, wallets, HTTP. Throws `StartError` or `SettingsError`, with nothing left open. */
export async function runBackend(settings: Settings, world: BackendWorld): Promise<RunningBackend> {
  const { clock, random, log } = world;
  if (settings.data === undefined)
    throw new SettingsError('--data', 'Give the folder for the till’s data with --data.');
  const wallets = await readMerchant(settings, world);
  try {
    const providers = createProviders(wallets.file, {
      newHttpClient: world.newHttpClient,
      download: world.download,
      random,
      nowMs: clock.nowMs(),
      alipayGraceMs: settings.closeGraceSeconds * 1_000,
    });
    const isFolderShared = settings.locks === 'folder';
    const webhook = webhookOf(settings, world);
    const data = settings.data;
    const dir = settings.backup ?? join(data, 'backups');
    const backups = { dir, isNamed: settings.backup !== undefined, everyMs: settings.backupMinutes * MINUTE };
    const storage = openStorage(data, isFolderShared ? 'shared' : 'alone', {
      nowMs: clock.nowMs(),
      openFile: world.openFile,
      beforeMigration(db, tillId) {
        const path = backupBeforeMigration(db, { data, backups, tillId, nowMs: clock.nowMs(), log });
        log.info({ path }, 'backup made before the new version’s changes');
      },
    });
    try {
      const backend = createBackend({
        clock,
        random,
        endOfTurn: world.endOfTurn,
        log,
        db: storage.db,
        providers,
        metrics: serviceMetrics('backend'),
        mode: wallets.mode,
        version: world.version,
        shopName: settings.shopName,
        timeZone: settings.storeTimeZone,
        phoneUrl: wallets.phoneUrl,
        chargeTtlMs: settings.chargeTtlSeconds * 1_000,
        amountMaxFen: settings.amountMaxFen,
        refundAutomaticMaxFen: settings.refundAutomaticMaxFen,
        webhook,
        apiKey: settings.apiKey,
        allowedHosts: settings.allowedHosts,
        uiDir: settings.ui,
        relay: {
          url: settings.relay,
          openSocket: world.openSocket,
          http: world.newHttpClient(),
          keys: keyFile(settings.data),
        },
        locks: storage.leases
          ? folderLocks({ clock, random, log, leases: leasesTable(storage.leases) })
          : settings.locks === 'process'
            ? processLocks(clock)
            : redisLocks({ clock, random, log, url: settings.locks }),
        settings: startSettings(settings, merchantNames(wallets.file)),
        tokenKeys: tokenKeyFile(settings.data),
        openSessions:
          settings.sessions === 'database'
            ? sessionsInDatabase
            : sessionsInRedis({ url: settings.sessions, clock, log }),
        isFolderShared,
        openDisk: (tillId, onJournal) =>
          createDisk({
            db: storage.db,
            databasePath: storage.path,
            isUnchecked: storage.isUnchecked,
            tillId,
            backups,
            nowMs: clock.nowMs,
            onJournal,
          }),
      });
      const server = createServer(backend.http);
      const origin = await listen(server, settings).catch(async (error) => {
        await backend.stop();
        throw error;
      });
      backend.start();
      log.info({ origin, mode: wallets.mode }, 'till started');
      return {
        backend,
        origin,
        async stop() {
          await backend.stop();
          server.close();
          server.closeAllConnections();
          await Promise.all([...providers.map((provider) => provider.stop()), webhook?.http.close()]);
          storage.close();
        },
      };
    } catch (error) {
      storage.close();
      throw error;
    }
  } catch (error) {
    throw asStartError(adviseRestore(error, settings));
  }
}

/** To the backups; where those cannot be written, to the data folder: without a copy nothing is changed. */
function backupBeforeMigration(
  db: Db,
  at: {
    data: string;
    backups: { dir: string; isNamed: boolean };
    tillId: string;
    nowMs: number;
    log: Log;
  },
): string {
  const { dir, isNamed } = at.backups;
  try {
    return backupNow(db, backupFolder(dir, at.tillId, isNamed), at.nowMs);
  } catch (error) {
    if (!isNamed) throw error;
    at.log.warn({ err: error }, 'the backups cannot be written; the copy goes to the data folder');
    return backupNow(db, backupFolder(join(at.data, 'backups'), at.tillId, false), at.nowMs);
  }
}

function webhookOf(settings: Settings, world: BackendWorld): WebhookTarget | null {
  const { webhook: url, webhookSecret: secret } = settings;
  return url === undefined || secret === undefined ? null : { url, secret, http: world.newHttpClient() };
}

interface Wallets {
  mode: 'sandbox' | 'live';
  file: unknown;
  phoneUrl: string | null;
}

async function readMerchant(settings: Settings, world: BackendWorld): Promise<Wallets> {
  if (settings.sandbox !== undefined) {
    const { origin } = new URL(settings.sandbox);
    const file = await fetchSandboxMerchant(origin, world.newHttpClient());
    return { mode: 'sandbox', file, phoneUrl: `${origin}/phone` };
  }
  if (world.merchant !== null && world.merchant !== undefined) {
    return { mode: 'live', file: world.merchant, phoneUrl: null };
  }
  if (settings.merchant === undefined) {
    throw new SettingsError(
      '--merchant',
      'Give a merchant file with --merchant, or the address of a sandbox with --sandbox.',
    );
  }
  try {
    const isOpen = process.platform !== 'win32' && (statSync(settings.merchant).mode & 0o077) !== 0;
    if (isOpen) {
      throw new StartError(
        'merchant_file_open',
        `Others on this machine can read the keys in ${settings.merchant}. Close it first: chmod 600 ${settings.merchant}\n其他用户可读取该密钥文件，请先执行：chmod 600 ${settings.merchant}`,
      );
    }
    return { mode: 'live', file: JSON.parse(readFileSync(settings.merchant, 'utf8')), phoneUrl: null };
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(
      'merchant_unreadable',
      `The merchant file ${settings.merchant} cannot be read as JSON.\n商户配置文件无法读取，或不是 JSON。`,
      { cause: error },
    );
  }
}

async function fetchSandboxMerchant(origin: string, http: HttpClient): Promise<unknown> {
  try {
    const answer = await http.send({
      method: 'GET',
      origin,
      path: '/merchant.json',
      headers: { accept: 'application/json' },
    });
    if (answer.status !== 200) throw new Error(`HTTP ${answer.status}`);
    return JSON.parse(Buffer.from(answer.body).toString('utf8'));
  } catch (error) {
    const why = error instanceof HttpFault ? error.kind : String(error);
    throw new StartError(
      'sandbox_unreachable',
      `The sandbox at ${origin} does not answer (${why}). Start it with npm run sandbox.\n沙箱没有响应，请先启动：npm run sandbox。`,
      { cause: error },
    );
  } finally {
    await http.close();
  }
}
