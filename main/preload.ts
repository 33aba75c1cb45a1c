import { contextBridge, ipcRenderer } from 'electron';
import { version } from '../package.json' with { type: 'json' };

/** The little of the page that the handshake touches; the rest of the DOM is not for this file. */
interface PageWindow {
  addEventListener(type: 'message', listener: (event: PageMessage) => void): void;
  postMessage(message: unknown, targetOrigin: string, transfer?: readonly unknown[]): void;
}
interface PageMessage {
  source: unknown;
  origin: string;
  data: unknown;
}
declare const window: PageWindow;
declare const location: { origin: string };

contextBridge.exposeInMainWorld('mianfu', { transport: 'port', version, platform: process.platform });

window.addEventListener('message', (event) => {
  if (event.source !== window || event.origin !== location.origin) return;
  const message = event.data;
  if (typeof message !== 'object' || message === null) return;
  if (!('type' in message) || (message.type !== 'mianfu:connect' && message.type !== 'mianfu:pdf')) return;
  if (!('id' in message) || typeof message.id !== 'string') return;
  ipcRenderer.send(message.type, message.id);
});

// The port goes on in the same turn: it is never held here, and no other origin can receive it.
ipcRenderer.on('mianfu:port', (event, { id }: { id: string }) => {
  window.postMessage({ type: 'mianfu:port', id }, location.origin, event.ports);
});

ipcRenderer.on('mianfu:pdf', (_event, made: { id: string; base64: string | null }) => {
  window.postMessage({ type: 'mianfu:pdf-made', ...made }, location.origin);
});

ipcRenderer.on('mianfu:backend-restarted', () => {
  window.postMessage({ type: 'mianfu:backend-restarted' }, location.origin);
});
