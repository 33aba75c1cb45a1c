import { after } from './clock.ts';

/** Longer than a page takes to be printed. */
const PRINTING_MS = 20_000;

/** Whether this window can make a PDF by itself; a browser's has its print dialog. */
export function canMakePdf(): boolean {
  return window.mianfu?.transport === 'port';
}

/** What the window shows, as it would be printed. Throws when it could not be made. */
export function pdfOfWindow(name: string): Promise<File> {
  const id = crypto.randomUUID();
  return new Promise((resolve, reject) => {
    const settle = () => {
      stop();
      window.removeEventListener('message', onMessage);
    };
    const stop = after(PRINTING_MS, () => {
      settle();
      reject(new Error('No PDF came.'));
    });
    const onMessage = (event: MessageEvent) => {
      // The preload speaks as the page itself.
      if (event.source !== window || event.origin !== location.origin) return;
      if (event.data?.type !== 'mianfu:pdf-made' || event.data.id !== id) return;
      settle();
      const { base64 } = event.data as { base64: string | null };
      if (base64 === null) reject(new Error('The PDF could not be made.'));
      else resolve(new File([bytesOf(base64)], name, { type: 'application/pdf' }));
    };
    window.addEventListener('message', onMessage);
    window.postMessage({ type: 'mianfu:pdf', id }, location.origin);
  });
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
