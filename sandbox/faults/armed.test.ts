import { describe, expect, test } from 'vitest';
import { simulatedSandbox } from '../test-till.ts';
import { ArmedFaults } from './armed.ts';
import { armShape, type FaultKind, VOCABULARY } from './vocabulary.ts';

describe('arming', () => {
  test('every kind of the vocabulary can be armed where it says that it exists', () => {
    const more: Partial<Record<FaultKind, object>> = {
      delay: { ms: 1 },
      http_status: { status: 500 },
      status_word: { word: 'X' },
      clock_skew: { ms: 1 },
      refuse: { code: 'X' },
      late: { ms: 1 },
      refund_ends: { as: 'ABNORMAL' },
    };
    for (const [kind, { on, operations, notify = [] }] of Object.entries(VOCABULARY)) {
      const channel = on.length > 1 ? '*' : on[0];
      for (const operation of operations) {
        const order = { on: { channel, operation }, fault: { kind, ...more[kind as FaultKind] } };
        const offered =
          channel === '*' ||
          !['precreate', 'cancel', 'native', 'certificates'].includes(operation) ||
          (channel === 'alipay') === ['precreate', 'cancel'].includes(operation);
        expect([kind, operation, armShape.safeParse(order).success]).toEqual([kind, operation, offered]);
      }
      const fault = { kind, ...more[kind as FaultKind] };
      for (const wallet of ['alipay', 'wechat'] as const) {
        const order = { on: { channel: wallet, operation: 'notify' }, fault };
        expect([kind, wallet, armShape.safeParse(order).success]).toEqual([
          kind,
          wallet,
          notify.includes(wallet),
        ]);
      }
    }
  });

  test.for([
    [{ on: { channel: 'alipay', operation: 'query' }, fault: { kind: 'wobble' } }, /fault/],
    [{ on: { channel: 'alipay', operation: 'native' }, fault: { kind: 'delay', ms: 1 } }, /has no native/],
    [{ on: { channel: 'alipay', operation: 'query' }, fault: { kind: 'signtest' } }, /only on wechat/],
    [{ on: { channel: 'alipay', operation: 'close' }, fault: { kind: 'retry_flag' } }, /only on cancel/],
    [{ on: { channel: 'alipay', operation: 'query' }, fault: { kind: 'delay' } }, /ms/],
    [
      { on: { channel: 'alipay', operation: 'query' }, fault: { kind: 'delay', ms: 1, x: 1 } },
      /Unrecognized/,
    ],
    [
      { on: { channel: 'wechat', operation: '*' }, fault: { kind: 'duplicate' } },
      /duplicate exists only on notify/,
    ],
    [
      { on: { channel: 'wechat', operation: 'notify' }, fault: { kind: 'throttled' } },
      /befalls no notifications/,
    ],
    [{ on: { channel: 'alipay', operation: 'notify' }, fault: { kind: 'signtest' } }, /only on wechat/],
    [
      { on: { channel: 'alipay', operation: 'notify' }, fault: { kind: 'duplicate', copies: 11 } },
      /fault.copies/,
    ],
    [{ on: { channel: 'wechat', operation: '*' }, fault: { kind: 'html' }, times: 0 }, /times/],
    [{ on: { channel: 'wechat_v2', operation: '*' }, fault: { kind: 'html' } }, /channel/],
    ['{', /not JSON/],
    ['null', /The body/],
  ] as const)('refuses %j', async ([order, message]) => {
    const { till, sandbox } = await simulatedSandbox();
    const answer = await till.control('POST', '/faults', order);
    expect(answer).toMatchObject({ status: 400, body: { message: expect.stringMatching(message) } });
    expect(sandbox.faults.list()).toEqual([]);
  });

  test('faults are listed, count down, and can be cleared', async () => {
    const { till } = await simulatedSandbox();
    const order = { on: { channel: 'wechat', operation: 'query' }, fault: { kind: 'throttled' }, times: 2 };
    await till.control('POST', '/faults', order);
    await till.wechatQuery('ORDER_0001');
    expect(await till.control('GET', '/faults')).toMatchObject({
      body: { armed: [{ id: 1, left: 1, fault: { kind: 'throttled' } }], kinds: { throttled: {} } },
    });
    expect(await till.control('DELETE', '/faults')).toEqual({ status: 200, body: { cleared: 1 } });
    expect((await till.wechatQuery('ORDER_0001')).body.code).toBe('ORDER_NOT_EXIST');
  });

  test('a fault for one number passes others by; skip lets the first ones through', () => {
    const faults = new ArmedFaults();
    const on = { channel: 'wechat', operation: 'query', tradeNo: 'B' };
    faults.arm(armShape.parse({ on, fault: { kind: 'throttled' }, skip: 1 }));
    const ask = (tradeNo: string) =>
      faults.take({ channel: 'wechat', operation: 'query', tradeNo }).main?.kind ?? null;
    expect([ask('A'), ask('B'), ask('A'), ask('B'), ask('B')]).toEqual([null, null, null, 'throttled', null]);
  });

  test('delays add up with the first other fault; the second waits its turn', () => {
    const faults = new ArmedFaults();
    const on = { channel: '*', operation: '*' };
    for (const fault of [
      { kind: 'throttled' },
      { kind: 'delay', ms: 7 },
      { kind: 'html' },
      { kind: 'delay', ms: 5 },
    ])
      faults.arm(armShape.parse({ on, fault }));
    const asked = { channel: 'alipay', operation: 'query', tradeNo: null } as const;
    expect(faults.take(asked)).toMatchObject({ delayBeforeMs: 12, main: { kind: 'throttled' } });
    expect(faults.take(asked)).toMatchObject({ delayBeforeMs: 0, main: { kind: 'html' } });
    expect(faults.take(asked)).toMatchObject({ main: null });
  });
});
