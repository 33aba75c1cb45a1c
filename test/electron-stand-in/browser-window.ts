import { EventEmitter } from 'node:events';
import { type StandInSession, session } from './session.ts';
import { StandInContents } from './web-contents.ts';

const windows = new Set<BrowserWindow>();
let onAllClosed = () => {};

export function whenAllClosed(listener: () => void): void {
  onAllClosed = listener;
}

interface WindowOptions {
  width?: number;
  height?: number;
  webPreferences?: {
    preload?: string;
    session?: StandInSession;
    sandbox?: boolean;
    contextIsolation?: boolean;
    nodeIntegration?: boolean;
    webSecurity?: boolean;
  };
}

/** Electron's window as a tab of headless Chromium. It has a size and no frame. */
export class BrowserWindow extends EventEmitter {
  readonly webContents: StandInContents;

  static getAllWindows(): BrowserWindow[] {
    return [...windows];
  }

  constructor(options: WindowOptions = {}) {
    super();
    const { webPreferences: wishes = {}, width = 800, height = 600 } = options;
    // The page is locked down here in any case; code that asked for less must not pass unnoticed.
    if (!wishes.sandbox || !wishes.contextIsolation || wishes.nodeIntegration || !wishes.webSecurity)
      throw new Error('The stand-in opens locked-down windows only.');
    const own = wishes.session ?? session.defaultSession;
    this.webContents = new StandInContents(own, wishes.preload, { width, height });
    windows.add(this);
    this.webContents.once('destroyed', () => {
      windows.delete(this);
      this.emit('closed');
      if (windows.size === 0) onAllClosed();
    });
  }

  loadURL(url: string): Promise<void> {
    return this.webContents.loadURL(url);
  }

  close(): void {
    void this.webContents.close();
  }

  focus(): void {
    this.emit('focus');
    void this.webContents.bringToFront();
  }

  hide(): void {}
  restore(): void {}
  isMinimized(): boolean {
    return false;
  }
}
