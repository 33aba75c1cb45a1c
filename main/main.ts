import { join } from 'node:path';
import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  MessageChannelMain,
  protocol,
  safeStorage,
  session,
} from 'electron';
import { systemClock } from '../ports/clock.ts';
import { APP_SCHEME, appFiles } from './app-protocol.ts';
import { answerConnects } from './connect.ts';
import { Keychain, KeychainError, type MerchantFile } from './keychain.ts';
import { lockSession, mayAppLoad } from './lockdown.ts';
import { setMenu } from './menu.ts';
import { answerPdf } from './pdf.ts';
import { Services } from './services.ts';
import { Windows } from './windows.ts';

const folder = import.meta.dirname;
const ASSIGNED = '--merchant=';

app.enableSandbox();
protocol.registerSchemesAsPrivileged([
  {
    scheme: APP_SCHEME,
    privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
  },
]);

if (app.requestSingleInstanceLock()) {
  void app.whenReady().then(start).catch(fail);
} else {
  app.exit(0);
}

async function start(): Promise<void> {
  const userData = app.getPath('userData');
  const keychain = new Keychain(safeStorage, join(userData, 'live', 'merchant.keys'), process.platform);
  const merchant = merchantToUse(keychain);
  const windows = new Windows(folder);
  const services = new Services({
    clock: systemClock(),
    scripts: folder,
    userData,
    merchant,
    sandbox: merchant ? null : process.env.MIANFU_SANDBOX || null,
    onSandbox: (origin) => windows.setPhoneOrigin(origin),
    onBackendRestarted: () => windows.till?.webContents.send('mianfu:backend-restarted'),
    onFailure: (message) => fail(new Error(message)),
  });

  lockSession(session.defaultSession, mayAppLoad);
  protocol.handle(APP_SCHEME, appFiles(join(folder, '..', 'renderer')));
  answerConnects({
    ipcMain,
    isTill: (contents) => windows.till?.webContents === contents,
    createChannel: () => new MessageChannelMain(),
    toBackend: (port) => services.connect(port),
  });
  answerPdf({ ipcMain, isTill: (contents) => windows.till?.webContents === contents });
  setMenu({
    locale: app.getLocale(),
    platform: process.platform,
    importMerchant: () => void importMerchant(keychain).catch(fail),
    showPhone: merchant ? null : () => void windows.showPhone().catch(console.error),
  });
  app.on('second-instance', () => void windows.showTill().catch(fail));
  app.on('activate', () => void windows.showTill().catch(fail));
  app.on('window-all-closed', () => app.quit());
  stopBeforeQuit(services);

  services.start();
  await windows.showTill();
}

/** The services end, with their last commit, before the app does. */
function stopBeforeQuit(services: Services): void {
  let stopped = false;
  app.on('before-quit', (event) => {
    if (stopped) return;
    event.preventDefault();
    stopped = true;
    for (const window of BrowserWindow.getAllWindows()) window.hide();
    void services.stop().finally(() => app.quit());
  });
}

/** `--merchant FILE` imports; else what the keychain holds; else none, and the till runs against the sandbox. */
function merchantToUse(keychain: Keychain): MerchantFile | null {
  const at = process.argv.findIndex((argument) => argument === '--merchant' || argument.startsWith(ASSIGNED));
  const argument = process.argv[at];
  if (argument === undefined) return keychain.read();
  const file = argument.startsWith(ASSIGNED) ? argument.slice(ASSIGNED.length) : process.argv[at + 1];
  return keychain.import(file ?? '');
}

async function importMerchant(keychain: Keychain): Promise<void> {
  const chosen = await dialog.showOpenDialog({
    properties: ['openFile'],
    filters: [{ name: 'JSON', extensions: ['json'] }],
  });
  const file = chosen.filePaths[0];
  if (!file) return;
  try {
    keychain.import(file);
  } catch (error) {
    if (!(error instanceof KeychainError)) throw error;
    dialog.showErrorBox('面付 Mianfu', error.message);
    return;
  }
  app.relaunch();
  app.quit();
}

/** Nothing can go on: say why, and end. */
function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  console.error(message);
  dialog.showErrorBox('面付 Mianfu', message);
  app.exit(1);
}
