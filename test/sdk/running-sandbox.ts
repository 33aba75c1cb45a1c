import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../ports/clock.ts';
import type { HttpClient, HttpRequest } from '../../ports/http.ts';
import { silentLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { listen } from '../../ports/service.ts';
import { createSandbox } from '../../sandbox/sandbox.ts';
import { closeServer, createSandboxServer } from '../../sandbox/server.ts';

const merchantShape = z.object({
  alipay: z.object({
    gateway: z.string(),
    appId: z.string(),
    sellerId: z.string(),
    appPrivateKey: z.string(),
    alipayPublicKey: z.string(),
    appCert: z.string(),
    alipayCert: z.string(),
    alipayRootCert: z.string(),
    aesKey: z.string(),
  }),
  wechat: z.object({
    baseUrl: z.string(),
    appId: z.string(),
    mchId: z.string(),
    merchantPrivateKey: z.string(),
    merchantCert: z.string(),
    merchantSerial: z.string(),
    apiV3Key: z.string(),
    platformCert: z.string(),
    platformSerial: z.string(),
    publicKey: z.string(),
    publicKeyId: z.string(),
  }),
});
export type MerchantFile = z.infer<typeof merchantShape>;

/** A sandbox behind a real socket for one test, how to be its customer, and what it posted to notify_url. */
export async function runningSandbox() {
  const clock = systemClock();
  const log = silentLog();
  const notified: HttpRequest[] = [];
  const http: HttpClient = {
    async send(request) {
      notified.push(request);
      return { status: 200, headers: {}, body: Buffer.from('success') };
    },
    async close() {},
  };
  const sandbox = await createSandbox({
    clock,
    log,
    http,
    random: systemRandom(),
    publicOrigin: 'http://127.0.0.1',
  });
  const server = createSandboxServer(sandbox, { clock, log });
  const origin = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    await closeServer(server);
    await sandbox.stop();
  });
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${origin}${path}`, { method: 'POST', body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return {
    origin,
    sandbox,
    post,
    notified,
    merchant: merchantShape.parse(await (await fetch(`${origin}/merchant.json`)).json()),
    /** The ledger's view of one trade. */
    async trade(tradeNo: string) {
      const ledger = (await (await fetch(`${origin}/ledger`)).json()) as {
        trades: Record<string, unknown>[];
      };
      return ledger.trades.find((trade) => trade.tradeNo === tradeNo);
    },
  };
}
