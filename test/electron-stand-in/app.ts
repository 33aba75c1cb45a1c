import { EventEmitter } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrowserWindow, whenAllClosed } from './browser-window.ts';
import { startChromium, stopChromium } from './chromium-host.ts';

/** Electron's `app`: life cycle, single instance and the data folder (`--user-data-dir`, as Chromium has it). */
class StandInApp extends EventEmitter {
  readonly #userData = argument('--user-data-dir=') ?? join(tmpdir(), 'mianfu-stand-in');
  readonly #lockPath = join(this.#userData, 'instance');
  readonly #lock: Promise<Server | null>;
  #quitting = false;

  constructor() {
    super();
    mkdirSync(this.#userData, { recursive: true });
    this.#lock = this.#takeLock();
    whenAllClosed(() => {
      if (this.#quitting) return;
      if (!this.emit('window-all-closed')) this.quit();
    });
    process.once('SIGTERM', () => this.quit());
    process.once('SIGINT', () => this.quit());
  }

  enableSandbox(): void {}

  /** Electron knows at once; the stand-in finds out before `whenReady`, and a second instance never becomes ready. */
  requestSingleInstanceLock(): boolean {
    return true;
  }

  async whenReady(): Promise<void> {
    if ((await this.#lock) === null) process.exit(0);
    await startChromium(this.#userData);
  }

  getPath(_name: 'userData'): string {
    return this.#userData;
  }

  getLocale(): string {
    return 'zh-CN';
  }

  quit(): void {
    let prevented = false;
    const preventDefault = () => {
      prevented = true;
    };
    if (this.#quitting) return;
    this.emit('before-quit', { preventDefault });
    if (prevented) return;
    this.#quitting = true;
    for (const window of BrowserWindow.getAllWindows()) window.close();
    this.emit('will-quit', { preventDefault });
    this.exit(0);
  }

  /** At once, as Electron does: no event of the closing windows leads to another end. */
  exit(code: number): void {
    this.#quitting = true;
    void Promise.all([stopChromium(), this.#lock.then((lock) => lock?.close())]).finally(() =>
      process.exit(code),
    );
  }

  relaunch(): void {}

  async #takeLock(): Promise<Server | null> {
    const told = await new Promise<boolean>((resolve) => {
      const socket = connect(this.#lockPath, () => socket.end(JSON.stringify(process.argv)));
      socket.once('close', (failed) => resolve(!failed));
      socket.once('error', () => {});
    });
    if (told) return null;
    rmSync(this.#lockPath, { force: true });
    const server = createServer((socket) => {
      let argv = '';
      socket.on('data', (part) => {
        argv += part;
      });
      socket.once('end', () => this.emit('second-instance', {}, JSON.parse(argv), process.cwd()));
    });
    server.listen(this.#lockPath);
    return server;
  }
}

function argument(prefix: string): string | undefined {
  return process.argv.find((given) => given.startsWith(prefix))?.slice(prefix.length);
}

export const app = new StandInApp();
