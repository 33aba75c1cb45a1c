import type { KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { createWechatV3 } from '../backend/providers/wechat-v3/index.ts';
import { keyFile } from '../backend/relay/keys.ts';
import { openStorage } from '../backend/store/database.ts';
import { systemClock } from '../ports/clock.ts';
import { undiciHttpClient } from '../ports/http-undici.ts';
import { systemRandom } from '../ports/random.ts';
import type { OpenSocket } from '../ports/socket.ts';
import { wsSocket } from '../ports/socket-ws.ts';
import { type EndOfTurn, systemEndOfTurn } from '../ports/turn.ts';
import { testTill } from '../test/fakes/till.ts';
import { testPair } from '../wire/test-certificates.ts';
import { ARRIVED, COMMITTED, monotonicMs, type Stamps } from './stamps.ts';

/**
 * A till on a thread of its own, its data on disk, its wallet WeChat's real provider but for the code, which it
 * makes up: it is paid by notification. Serves the window on the other end of `port`.
 */
const { window, stamps, wallet } = workerData as {
  window: MessagePort;
  stamps: Stamps;
  wallet: { appId: string; mchId: string; apiV3Key: KeyObject; publicKey: { id: string; key: KeyObject } };
};
const dir = mkdtempSync(join(tmpdir(), 'mianfu-bench-'));
const clock = systemClock();
const storage = openStorage(dir, 'alone', { nowMs: clock.nowMs() });
const provider = createWechatV3(
  {
    hosts: ['http://127.0.0.1:9'],
    merchantPrivateKey: testPair().privateKey,
    merchantSerial: '0A',
    notifyUrl: 'https://notify.invalid/',
    ...wallet,
  },
  { http: undiciHttpClient(), random: systemRandom() },
);
const exchange = {
  httpStatus: 200,
  providerCode: null,
  requestId: null,
  answer: null,
  providerDateMs: null,
};
/** Both as the product has them, with a stamp. */
const openSocket: OpenSocket = (url, limits, events) =>
  wsSocket(clock)(url, limits, {
    ...events,
    received(text) {
      if (text.startsWith('{"type":"delivery"')) stamps[ARRIVED] = monotonicMs();
      events.received(text);
    },
  });
const endOfTurn: EndOfTurn = (task) =>
  systemEndOfTurn(() => {
    task();
    // The first is the commit; what follows from it ends its turns as well.
    if ((stamps[COMMITTED] ?? 0) < (stamps[ARRIVED] ?? 0)) stamps[COMMITTED] = monotonicMs();
  });
const { backend } = testTill({
  clock,
  endOfTurn,
  db: storage.db,
  providers: [
    {
      ...provider,
      open: async ({ tradeNo }) => ({
        outcome: { kind: 'code', codeUrl: `weixin://wxpay/bizpayurl?pr=${tradeNo}` },
        exchange,
      }),
    },
  ],
  relay: { url: undefined, openSocket, http: undiciHttpClient(), keys: keyFile(dir) },
});
backend.servePort(window);
window.start();
backend.start();
parentPort?.once('message', async () => {
  await backend.stop();
  await provider.stop();
  storage.close();
  rmSync(dir, { recursive: true, force: true });
  process.exit();
});
