import { call } from '@orpc/server';
import { describe, expect, test } from 'vitest';
import { IncidentFile } from '../../contract/incident-file.ts';
import { BUYER } from '../../sandbox/alipay/operations.ts';
import { relayedWorld } from '../../test/fakes/relayed-world.ts';
import { NAMES, PINS, staffed } from '../../test/fakes/staff.ts';
import { paidNotification } from '../../test/fakes/wallet-notifications.ts';
import { tradesOf } from '../../test/fakes/world.ts';
import { REFUND_EVENTS, REFUND_STATES } from '../domain/refund.ts';
import { TRADE_EVENTS, TRADE_STATES } from '../domain/trade.ts';
import { en } from './incident-words-en.ts';
import { zh } from './incident-words-zh.ts';

const WINDOW = { context: { caller: 'window' as const } };
const STRICT = { lockAfterMinutes: 5, refundApprovalAboveFen: 100, reason: '夜班' };
const NASTY = '<script>alert(1)</script> 李雷 13800138000';

/** An order that was paid with one wallet by its answer, one by notification, and one that was cancelled. */
async function told() {
  const made = await relayedWorld();
  const { till, clock, sandbox } = made;
  const trade = async (orderNo: string, channel: string) => {
    const found = tradesOf(await till.order(orderNo)).find((each) => each.channel === channel);
    if (!found) throw new Error('no trade');
    return found;
  };
  for (const orderNo of ['PAID-1', 'PAID-2', 'GONE-1']) {
    await till.startCharge({ orderNo, amountFen: 1250, subject: orderNo === 'GONE-1' ? NASTY : '拿铁' });
    await clock.advance(1_000);
  }
  await made.pay((await trade('PAID-1', 'alipay')).codeUrl ?? '');
  await clock.advance(10_000);
  await made.deliver(paidNotification(made.identity, await trade('PAID-2', 'wechat'), clock.nowMs()));
  await till.cancelOrder('GONE-1');
  await clock.advance(10_000);
  const text = async (orderNo: string, format: 'html' | 'json', lang: 'zh' | 'en' = 'en') =>
    await (await call(made.backend.api.orders.incidentFile, { orderNo, format, lang }, WINDOW)).text();
  const file = async (orderNo: string) => IncidentFile.parse(JSON.parse(await text(orderNo, 'json')));
  return { ...made, sandbox, text, file };
}

/** Everything of a merchant, and of the customers, that must be in no file. */
function secretsOf(identity: Awaited<ReturnType<typeof told>>['identity']): string[] {
  const keys = [identity.alipay, identity.wechat].flatMap((each) =>
    Object.entries(each)
      .filter(([name]) => /private|aesKey|apiV3Key/i.test(name))
      .map(([, value]) => String(value)),
  );
  // Of a key any line of it would be too much.
  const lines = keys
    .flatMap((key) => key.split('\n'))
    .filter((line) => line.length > 15 && !line.startsWith('-----'));
  return [...lines, 'oSandboxCustomer000000000000', 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o', BUYER.id, '13800138000'];
}

describe('an incident file', () => {
  test('tells what was asked, answered and signed, in order, with who and the place in the ledger', async () => {
    const { file } = await told();
    const { entries, order, trades } = await file('PAID-1');
    expect(order).toMatchObject({ orderNo: 'PAID-1', state: 'paid', amountFen: 1250 });
    expect(trades.map(({ channel, state }) => [channel, state])).toEqual([
      ['alipay', 'paid'],
      ['wechat', 'closed'],
    ]);
    expect(entries.map(({ at }) => at)).toEqual(entries.map(({ at }) => at).toSorted());
    expect(entries[0]).toMatchObject({ type: 'order.created', by: { actor: 'till', via: 'window' }, seq: 1 });
    const asked = entries.filter(({ type }) => type === 'asked');
    expect(asked.length).toBeGreaterThan(3);
    for (const { exchange } of asked) {
      expect(exchange?.request).toMatchObject({
        method: expect.stringMatching(/GET|POST/),
        url: expect.stringMatching(/^http/),
      });
      expect(exchange?.request?.signature).toMatch(/^[A-Za-z0-9+/]{300,}={0,2}$/);
      expect(exchange?.seal).toMatchObject({
        verdict: 'OK',
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
    }
    const sealed = asked.map(({ exchange }) => exchange?.seal?.signature).filter((each) => each !== null);
    expect(new Set(sealed).size).toBe(asked.length);
    expect(entries.some(({ type, hash }) => type === 'order.paid' && /^[0-9a-f]{64}$/.test(hash ?? ''))).toBe(
      true,
    );
  });

  test('shows what a notification said, and how it was signed', async () => {
    const { file } = await told();
    const notified = (await file('PAID-2')).entries.find(({ type }) => type === 'notified');
    expect(notified?.exchange).toMatchObject({
      request: null,
      seal: { verdict: 'OK', serial: expect.any(String) },
    });
    expect(JSON.parse(notified?.exchange?.answer ?? '')).toMatchObject({
      trade_state: 'SUCCESS',
      payer: { openid: '****eS6o' },
    });
  });

  test.each(['PAID-1', 'PAID-2', 'GONE-1'])(
    'holds no key, and no payer who could be known (%s)',
    async (orderNo) => {
      const { text, identity } = await told();
      const secrets = secretsOf(identity);
      expect(secrets.length).toBeGreaterThan(20);
      for (const page of [await text(orderNo, 'json'), await text(orderNo, 'html')])
        for (const secret of secrets) expect(page.includes(secret)).toBe(false);
    },
  );

  test('is a page that loads nothing and runs nothing, in either language', async () => {
    const { text } = await told();
    for (const [lang, title] of [
      ['zh', '事件档案'],
      ['en', 'Incident file'],
    ] as const) {
      const page = await text('GONE-1', 'html', lang);
      expect(page).toContain(`<h1>${title} <span>GONE-1</span></h1>`);
      expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt; 李雷 138****8000');
      expect(page).not.toMatch(/<(script|img|link|iframe|object)\b|\bsrc=|url\(|\bon\w+=/i);
    }
  });

  test('lists what was given back, with who asked, who allowed it, and the wallet’s signed word', async () => {
    const made = await told();
    const { tradeNo = '' } = (await made.file('PAID-1')).trades.find(({ state }) => state === 'paid') ?? {};
    const staff = await staffed(made.backend);
    const approval = { operator: NAMES.manager, pin: PINS.manager };
    const input = { tradeNo, amountFen: 500, reason: '退 13800138000 的货' };
    await call(made.backend.api.policy.set, { ...STRICT, approval }, { context: staff.manager });
    await call(made.backend.api.refunds.create, { ...input, approval }, { context: staff.cashier });
    await made.clock.advance(60_000);
    const incident = await call(
      made.backend.api.orders.incidentFile,
      { orderNo: 'PAID-1', format: 'json' },
      { context: staff.manager },
    );
    const { refunds, entries } = IncidentFile.parse(JSON.parse(await incident.text()));
    const [refund, ...others] = refunds;
    expect(others).toEqual([]);
    expect(refund).toMatchObject({
      tradeNo,
      channel: 'alipay',
      state: 'succeeded',
      amountFen: 500,
      reason: '退 138****8000 的货',
      why: 'asked',
      by: { name: NAMES.cashier, via: 'window', approvedBy: NAMES.manager },
      succeededAt: expect.any(String),
    });
    const its = entries.filter(({ refundNo }) => refundNo === refund?.refundNo);
    expect(its.find(({ toState }) => toState === 'succeeded')?.hash).toMatch(/^[0-9a-f]{64}$/);
    const [sent] = its.flatMap(({ exchange }) => exchange ?? []);
    expect(sent).toMatchObject({
      step: 'refund',
      request: { url: expect.stringContaining('alipay.trade.refund') },
    });
    expect(sent?.request?.signature).toMatch(/^[A-Za-z0-9+/]{300,}={0,2}$/);
    expect(sent?.seal).toMatchObject({ verdict: 'OK', signature: expect.any(String) });

    for (const [lang, title] of [
      ['zh', '<h2>退款</h2>'],
      ['en', '<h2>Refunds</h2>'],
    ] as const) {
      const page = await (
        await call(
          made.backend.api.orders.incidentFile,
          { orderNo: 'PAID-1', format: 'html', lang },
          { context: staff.manager },
        )
      ).text();
      expect(page).toContain(title);
      expect(page).toContain('¥5.00');
      for (const secret of [...secretsOf(made.identity), ...Object.values(PINS)])
        expect(page).not.toContain(secret);
      // Every line of the story is in words.
      const heads = [...page.matchAll(/<strong>(.*?)<\/strong>/g)].map(([, text]) => text ?? '');
      expect(heads.length).toBeGreaterThan(10);
      expect(heads.filter((text) => /[a-z]+_[a-z]+|[a-z]+\.[a-z]+/.test(text))).toEqual([]);
    }
  });

  test.each([zh, en])('has a word for whatever can become of a trade and a refund ($lang)', ({ of }) => {
    const due = [
      ...TRADE_STATES,
      ...TRADE_EVENTS,
      ...[...REFUND_STATES, ...REFUND_EVENTS].map((word) => `back.${word}`),
    ];
    expect(due.filter((word) => of[word] === undefined)).toEqual([]);
    expect(Object.keys(of)).toEqual(Object.keys(zh.of));
  });

  test('of an order that nobody knows is refused', async () => {
    const { text } = await told();
    await expect(text('NOBODY', 'json')).rejects.toMatchObject({ code: 'order_not_found' });
  });
});
