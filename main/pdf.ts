import type { IpcMain, WebContents } from 'electron';
import { isHandshakeId, isTopAppFrame } from './connect.ts';

/** What is printed on: a slip is signed and filed. */
const PAPER = { pageSize: 'A5', printBackground: true } as const;

/**
 * Prints what a till window shows into a PDF and hands the bytes back to it, which then asks where they go. As with a
 * connection, only the top frame of a till window that shows the app is answered.
 */
export function answerPdf(options: {
  ipcMain: Pick<IpcMain, 'on'>;
  isTill(contents: WebContents): boolean;
}): void {
  options.ipcMain.on('mianfu:pdf', (event, id: unknown) => {
    if (!isHandshakeId(id) || !options.isTill(event.sender) || !isTopAppFrame(event.senderFrame)) return;
    const { sender } = event;
    sender.printToPDF(PAPER).then(
      (bytes) => sender.send('mianfu:pdf', { id, base64: bytes.toString('base64') }),
      (error: unknown) => {
        console.error(error);
        sender.send('mianfu:pdf', { id, base64: null });
      },
    );
  });
}
