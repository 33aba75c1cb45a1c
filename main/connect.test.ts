import type { IpcMain, MessagePortMain, WebContents } from 'electron';
import { expect, test } from 'vitest';
import { answerConnects } from './connect.ts';

type Listener = (event: unknown, id: unknown) => void;

function fixture(backendRuns = true) {
  const sent: unknown[] = [];
  const handed: unknown[] = [];
  let closed = 0;
  let listener: Listener = () => {};
  const ours = {
    postMessage: (channel: string, message: unknown, ports: unknown[]) =>
      sent.push({ channel, message, ports }),
  } as unknown as WebContents;
  const port = (name: string) => ({ name, close: () => closed++ }) as unknown as MessagePortMain;
  answerConnects({
    ipcMain: {
      on(_channel: string, given: Listener) {
        listener = given;
      },
    } as unknown as IpcMain,
    isTill: (contents) => contents === ours,
    createChannel: () => ({ port1: port('one'), port2: port('two') }),
    toBackend(given) {
      if (backendRuns) handed.push(given);
      return backendRuns;
    },
  });
  const top = { url: 'app://mianfu/index.html', parent: null };
  return {
    ask: (change: object = {}, id: unknown = 'a1') =>
      listener({ sender: ours, senderFrame: top, ...change }, id),
    sent,
    handed,
    top,
    closed: () => closed,
  };
}

test('the till’s top frame gets one end, the backend the other', () => {
  const f = fixture();
  f.ask();
  expect(f.sent).toEqual([
    { channel: 'mianfu:port', message: { id: 'a1' }, ports: [expect.objectContaining({ name: 'two' })] },
  ]);
  expect(f.handed).toEqual([expect.objectContaining({ name: 'one' })]);
});

test('a frame inside the page, a page of another origin, a frame that is gone and another window get silence', () => {
  const f = fixture();
  f.ask({ senderFrame: { url: 'app://mianfu/', parent: f.top } });
  f.ask({ senderFrame: { url: 'https://example.com/', parent: null } });
  f.ask({ senderFrame: { url: 'app://mianfu.example/', parent: null } });
  f.ask({ senderFrame: null });
  f.ask({ sender: {} });
  expect([f.sent, f.handed]).toEqual([[], []]);
});

test.each([undefined, null, 7, '', 'a b', 'x'.repeat(65), { id: 'a' }])(
  'a handshake named %j gets silence',
  (id) => {
    const f = fixture();
    f.ask({}, id === undefined ? null : id);
    expect(f.sent).toEqual([]);
  },
);

test('a port that the backend cannot take is not given to the page', () => {
  const f = fixture(false);
  f.ask();
  expect(f.sent).toEqual([]);
  expect(f.closed()).toBe(1);
});
