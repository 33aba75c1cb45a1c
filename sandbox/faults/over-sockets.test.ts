import { request } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../ports/clock.ts';
import { silentLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { listen } from '../../ports/service.ts';
import { createSandbox } from '../sandbox.ts';
import { closeServer, createSandboxServer } from '../server.ts';
import { sharedIdentity, TestTill } from '../test-till.ts';

/** What one exchange over a real socket came to. */
type Outcome =
  | { kind: 'answer'; status: number; text: string; headers: NodeJS.Dict<string | string[]>; whole: boolean }
  | { kind: 'no_answer'; code: string };

async function overSockets() {
  const clock = systemClock();
  const identity = await sharedIdentity();
  const options = { clock, log: silentLog(), random: systemRandom(), identity };
  const sandbox = await createSandbox({ ...options, publicOrigin: 'http://127.0.0.1' });
  const server = createSandboxServer(sandbox, options);
  const origin = await listen(server, { host: '127.0.0.1', port: 0 });
  onTestFinished(() => closeServer(server));
  const till = new TestTill(sandbox, () => clock.nowMs());
  const arm = (channel: string, operation: string, fault: object) =>
    till.control('POST', '/faults', { on: { channel, operation }, fault });
  const send = (made: ReturnType<TestTill['wechatRequest']>) =>
    new Promise<Outcome>((resolve) => {
      const headers = Object.entries(made.headers).filter(([name, value]) => name !== 'host' && value);
      const call = request(
        `${origin}${made.path}`,
        { method: made.method, headers: Object.fromEntries(headers) as Record<string, string>, agent: false },
        (response) => {
          const pieces: Buffer[] = [];
          response.on('data', (piece: Buffer) => pieces.push(piece));
          response.on('error', () => {});
          response.on('close', () =>
            resolve({
              kind: 'answer',
              status: response.statusCode ?? 0,
              text: Buffer.concat(pieces).toString('utf8'),
              headers: response.headers,
              whole: response.complete,
            }),
          );
        },
      );
      call.on('error', (error: NodeJS.ErrnoException) =>
        resolve({ kind: 'no_answer', code: error.code ?? '' }),
      );
      call.end(made.body);
    });
  return { sandbox, till, arm, send };
}

const NATIVE = '/v3/pay/transactions/native';
const PRECREATE = { out_trade_no: 'ORDER_0001', total_amount: '12.50', subject: 'tea' };

describe.for(['alipay', 'wechat'] as const)('over real sockets, %s', (channel) => {
  const operation = channel === 'alipay' ? 'precreate' : 'native';
  const ask = (till: TestTill) =>
    channel === 'alipay'
      ? till.alipayRequest('alipay.trade.precreate', PRECREATE)
      : till.wechatRequest('POST', NATIVE, till.order('ORDER_0001'));

  test.for<[object, boolean, Partial<Outcome>]>([
    [{ kind: 'drop_before', holdMs: 5 }, false, { kind: 'no_answer', code: 'ECONNRESET' }],
    [{ kind: 'drop_after', holdMs: 5 }, true, { kind: 'no_answer', code: 'ECONNRESET' }],
    [{ kind: 'reset_before' }, false, { kind: 'no_answer', code: 'ECONNRESET' }],
    [{ kind: 'reset_after' }, true, { kind: 'no_answer', code: 'ECONNRESET' }],
    [{ kind: 'http_status', status: 503 }, false, { kind: 'answer', status: 503 }],
    [
      { kind: 'http_status', status: 502, when: 'after', body: '{"a":1}' },
      true,
      { status: 502, text: '{"a":1}' },
    ],
    [{ kind: 'html' }, false, { status: 200, text: expect.stringContaining('<!doctype html>') }],
    [{ kind: 'html', when: 'after' }, true, { status: 200, text: expect.stringContaining('<html>') }],
    [{ kind: 'half_body' }, true, { kind: 'answer', status: 200, whole: false }],
    [{ kind: 'delay', ms: 5 }, true, { kind: 'answer', status: 200, whole: true }],
    [{ kind: 'delay', ms: 5, when: 'after' }, true, { kind: 'answer', status: 200, whole: true }],
  ])('%j acts: %s', async ([fault, acts, expected]) => {
    const { sandbox, till, arm, send } = await overSockets();
    expect((await arm(channel, operation, fault)).status).toBe(201);
    expect(await send(ask(till))).toMatchObject(expected);
    expect(sandbox.ledger.find(channel, 'ORDER_0001') !== undefined).toBe(acts);
    // Used up: the repeat under the same number is answered.
    expect(await send(ask(till))).toMatchObject({ kind: 'answer', status: 200, whole: true });
  });
});
