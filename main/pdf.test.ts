import type { IpcMain, WebContents } from 'electron';
import { expect, test } from 'vitest';
import { answerPdf } from './pdf.ts';

type Listener = (event: unknown, id: unknown) => void;

function fixture(print: () => Promise<Buffer>) {
  const sent: unknown[] = [];
  let printed = 0;
  let listener: Listener = () => {};
  const ours = {
    send: (channel: string, message: unknown) => sent.push([channel, message]),
    printToPDF() {
      printed += 1;
      return print();
    },
  } as unknown as WebContents;
  answerPdf({
    ipcMain: {
      on(_channel: string, given: Listener) {
        listener = given;
      },
    } as unknown as IpcMain,
    isTill: (contents) => contents === ours,
  });
  const top = { url: 'app://mianfu/index.html', parent: null };
  return {
    ask: async (change: object = {}, id: unknown = 'a1') => {
      listener({ sender: ours, senderFrame: top, ...change }, id);
      await new Promise((resolve) => setImmediate(resolve));
    },
    sent,
    top,
    printed: () => printed,
  };
}

test('the till’s window gets what it shows as a PDF', async () => {
  const f = fixture(async () => Buffer.from('%PDF-'));
  await f.ask();
  expect(f.sent).toEqual([['mianfu:pdf', { id: 'a1', base64: Buffer.from('%PDF-').toString('base64') }]]);
});

test('a window that could not be printed is told so', async () => {
  const f = fixture(() => Promise.reject(new Error('No printer driver.')));
  await f.ask();
  expect(f.sent).toEqual([['mianfu:pdf', { id: 'a1', base64: null }]]);
});

test('a frame inside the page, another origin, another window and a strange id get silence, and nothing is printed', async () => {
  const f = fixture(async () => Buffer.from(''));
  await f.ask({ senderFrame: { ...f.top, parent: f.top } });
  await f.ask({ senderFrame: { ...f.top, url: 'https://evil.example/' } });
  await f.ask({ senderFrame: null });
  await f.ask({ sender: {} });
  await f.ask({}, '<script>');
  expect(f.sent).toEqual([]);
  expect(f.printed()).toBe(0);
});
