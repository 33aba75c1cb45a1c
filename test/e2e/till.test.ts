import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Counter, type Wallet } from './counter.ts';

const PAID: Record<Wallet, string> = { alipay: 'TRADE_SUCCESS', wechat: 'SUCCESS' };
const CLOSED: Record<Wallet, string> = { alipay: 'TRADE_CLOSED', wechat: 'CLOSED' };
const OTHER: Record<Wallet, Wallet> = { alipay: 'wechat', wechat: 'alipay' };

let counter: Counter;
beforeAll(async () => {
  counter = await Counter.open();
});
afterAll(async () => {
  await counter?.close();
});

/** Back to a till that is ready, wherever the last scenario ended. */
beforeEach(async () => {
  await expect
    .poll(
      async () => {
        const screen = await counter.screen();
        if (screen !== 'idle') await counter.keys('Escape');
        return screen;
      },
      { timeout: 45_000, interval: 300 },
    )
    .toBe('idle');
});

describe('a sale', () => {
  test.each(['alipay', 'wechat'] as const)(
    'a customer scans the %s code from the screen and pays: the till says paid, and the other code is dead',
    async (wallet) => {
      await counter.charge('12.5');
      await counter.shows('waiting');
      expect(await counter.page.getByTestId('amount').first().textContent()).toContain('12.50');
      const code = await counter.scanScreen(wallet);
      const other = await counter.scanScreen(OTHER[wallet]);
      await counter.phone('scan', other);
      expect(await counter.phone('pay', code)).toBe(200);
      await counter.shows('paid');
      await counter.walletsHold({ [wallet]: PAID[wallet], [OTHER[wallet]]: CLOSED[OTHER[wallet]] });
      expect(await counter.phone('pay', other)).toBe(409);
      const paid = (await counter.ledger()).filter((trade) => trade.paid);
      expect(paid.at(-1)).toMatchObject({ channel: wallet, amountFen: 1_250 });
    },
  );

  test('the next digit after a payment begins the next sale', async () => {
    await counter.charge('1');
    await counter.phone('pay', await counter.scanScreen('wechat'));
    await counter.shows('paid');
    await counter.keys('7');
    await counter.shows('entering');
    expect(await counter.page.getByTestId('amount').first().textContent()).toContain('7');
  });

  test('a cancelled charge can never be paid', async () => {
    await counter.charge('3');
    const alipay = await counter.scanScreen('alipay');
    const wechat = await counter.scanScreen('wechat');
    await counter.phone('scan', alipay);
    await counter.keys('Escape');
    await counter.walletsHold(CLOSED);
    expect([await counter.phone('pay', alipay), await counter.phone('pay', wechat)]).toEqual([409, 409]);
    await counter.shows('idle', 'not_paid');
  });

  test('a double click, and a second Enter, make one charge', async () => {
    const before = (await counter.ledger()).length;
    await counter.keys('4');
    await counter.page
      .getByRole('button', { name: /^(收款|Charge)/ })
      .first()
      .dblclick();
    await counter.keys('Enter', 'Enter');
    await counter.shows('waiting');
    await counter.scanScreen('alipay');
    await counter.scanScreen('wechat');
    expect((await counter.ledger()).length - before).toBe(2);
  });

  test('what a wallet refuses is said to be refused', async () => {
    await counter.armFault({
      on: { channel: 'alipay', operation: 'precreate' },
      fault: { kind: 'refuse', code: 'ACQ.ACCESS_FORBIDDEN' },
    });
    await counter.armFault({
      on: { channel: 'wechat', operation: 'native' },
      fault: { kind: 'refuse', code: 'NO_AUTH', status: 403 },
    });
    await counter.charge('5');
    await counter.shows('refused');
  });

  test('the backend is killed while a code is on the screen: the payment is seen all the same', async () => {
    await counter.charge('6.66');
    const code = await counter.scanScreen('wechat');
    process.kill(await counter.app.backendPid(), 'SIGKILL');
    expect(await counter.phone('pay', code)).toBe(200);
    await counter.shows('paid');
    const paid = (await counter.ledger()).filter((trade) => trade.paid);
    expect(paid.at(-1)).toMatchObject({ channel: 'wechat', amountFen: 666 });
  });

  test('the window is reloaded while a code is on the screen: the payment is seen all the same', async () => {
    await counter.charge('8.88');
    const code = await counter.scanScreen('alipay');
    await counter.page.reload();
    expect(await counter.phone('pay', code)).toBe(200);
    await expect
      .poll(async () => (await counter.page.locator('body').textContent())?.includes('8.88'), {
        timeout: 30_000,
      })
      .toBe(true);
    await counter.walletsHold({ alipay: PAID.alipay });
  });
});

test('Escape is safe on every screen', async () => {
  await counter.keys('Escape', 'Escape');
  await counter.shows('idle');
  await counter.keys('1', '2');
  await counter.shows('entering');
  await counter.keys('Escape');
  await counter.shows('idle');
  const before = (await counter.ledger()).length;
  await counter.charge('2');
  await counter.keys('Escape', 'Escape', 'Escape');
  await counter.shows('idle', 'closing', 'not_paid');
  const since = (await counter.ledger()).slice(before);
  expect(since.filter(({ paid }) => paid)).toEqual([]);
});
