import type { IpcMain, MessagePortMain, WebContents, WebFrameMain } from 'electron';
import { isAppUrl } from './app-protocol.ts';

/** What is asked about a frame before it gets a line to the backend. */
type Frame = Pick<WebFrameMain, 'url' | 'parent'>;

export interface ConnectOptions {
  ipcMain: Pick<IpcMain, 'on'>;
  /** True for the till's own windows (not for the phone's). */
  isTill(contents: WebContents): boolean;
  createChannel(): { port1: MessagePortMain; port2: MessagePortMain };
  /** Hands one end to the backend; false when it cannot take it. */
  toBackend(port: MessagePortMain): boolean;
}

/**
 * Answers a page's handshake with one end of a fresh channel whose other end goes to the backend. Only the
 * top frame of a till window that shows the app is answered; everybody else gets silence.
 */
export function answerConnects(options: ConnectOptions): void {
  options.ipcMain.on('mianfu:connect', (event, id: unknown) => {
    if (!isHandshakeId(id) || !options.isTill(event.sender) || !isTopAppFrame(event.senderFrame)) return;
    const { port1, port2 } = options.createChannel();
    if (options.toBackend(port1)) event.sender.postMessage('mianfu:port', { id }, [port2]);
    else port1.close();
  });
}

export function isHandshakeId(id: unknown): id is string {
  return typeof id === 'string' && /^[\w-]{1,64}$/.test(id);
}

export function isTopAppFrame(frame: Frame | null): boolean {
  return frame !== null && frame.parent === null && isAppUrl(frame.url);
}
