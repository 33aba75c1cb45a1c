import { join } from 'node:path';
import { BrowserWindow, session, shell } from 'electron';
import { APP_URL, isAppUrl } from './app-protocol.ts';
import { judgeWindow, lockContents, lockSession } from './lockdown.ts';

const LOCKED = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  webviewTag: false,
  navigateOnDragDrop: false,
  spellcheck: false,
} as const;

/** The till's window and the sandbox customer's phone. */
export class Windows {
  readonly #preload: string;
  #phoneOrigin: string | null = null;
  #till: BrowserWindow | null = null;
  #phone: BrowserWindow | null = null;

  constructor(folder: string) {
    this.#preload = join(folder, 'preload.cjs');
  }

  get till(): BrowserWindow | null {
    return this.#till;
  }

  /** Where the sandbox lives; its phone may then be opened. */
  setPhoneOrigin(origin: string | null): void {
    this.#phoneOrigin = origin;
  }

  /** Shows the till: opens its window, or brings the one that is open to the front. */
  async showTill(): Promise<void> {
    if (this.#till) {
      if (this.#till.isMinimized()) this.#till.restore();
      this.#till.focus();
      return;
    }
    const till = new BrowserWindow({
      width: 1280,
      height: 800,
      useContentSize: true,
      minWidth: 480,
      minHeight: 480,
      backgroundColor: '#F7F7F4',
      title: '面付',
      webPreferences: { ...LOCKED, preload: this.#preload },
    });
    this.#till = till;
    till.on('closed', () => {
      this.#till = null;
      this.#phone?.close();
    });
    lockContents(till.webContents, {
      mayNavigate: isAppUrl,
      // A page that could not be shown is the page's trouble, not the till's.
      openWindow: (address) => void this.#openFor(address).catch(console.error),
    });
    till.webContents.on('render-process-gone', (_event, details) => {
      if (details.reason !== 'clean-exit') till.webContents.reload();
    });
    await till.loadURL(APP_URL);
  }

  /** The sandbox customer's phone; nothing in live mode. */
  async showPhone(address = `${this.#phoneOrigin}/phone`): Promise<void> {
    if (judgeWindow(address, this.#phoneOrigin) !== 'phone') return;
    if (!this.#phone) {
      // In memory, and apart from the till's session: the phone belongs to somebody else.
      const partition = session.fromPartition('phone');
      lockSession(partition, (url) => URL.parse(url)?.origin === this.#phoneOrigin);
      const phone = new BrowserWindow({
        width: 400,
        height: 780,
        useContentSize: true,
        title: '面付 · 沙箱手机',
        webPreferences: { ...LOCKED, session: partition },
      });
      this.#phone = phone;
      phone.on('closed', () => {
        this.#phone = null;
      });
      lockContents(phone.webContents, {
        mayNavigate: (url) => judgeWindow(url, this.#phoneOrigin) === 'phone',
        openWindow: () => {},
      });
    }
    await this.#phone.loadURL(address);
    this.#phone.focus();
  }

  async #openFor(address: string): Promise<void> {
    const request = judgeWindow(address, this.#phoneOrigin);
    if (request === 'phone') await this.showPhone(address);
    if (request === 'external') await shell.openExternal(address);
  }
}
