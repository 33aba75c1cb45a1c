import type { Page } from 'playwright-core';
import type { TillStatus } from '../../contract/till.ts';
import type { FakeTill, Script } from './fake-till.ts';
import * as sample from './sample.ts';
import * as takings from './sample-report.ts';

export interface Scene {
  name: string;
  script: Script;
  /** The word in `data-screen` once the scene stands. */
  screen: string;
  act?(page: Page, till: FakeTill): Promise<void>;
}

const typed = async (page: Page, keys = '12.5') => {
  for (const key of keys) await page.keyboard.press(key);
};
const charged = async (page: Page) => {
  await typed(page);
  await page.keyboard.press('Enter');
};
const tellOutbox = (till: FakeTill, outbox: TillStatus['outbox']) =>
  till.tell({ type: 'status', at: sample.NOW, status: { ...sample.status, outbox } });
/** The list of what waits for a person, or the nth of it. */
const attended = async (page: Page, nth?: number) => {
  await page.keyboard.press('F8');
  await page.locator('.list-row').first().waitFor();
  if (nth !== undefined) await page.locator('.list-row').nth(nth).click();
};
/** A barcode gun's keys: faster than any hand, however busy the machine is. */
const scanned = (page: Page, text: string) =>
  page.evaluate(
    `for (const key of [...${JSON.stringify(text)}, 'Enter'])
      window.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))`,
  );
/** A receipt's number is typed, and what it leads to is said. */
const sought = async (page: Page, text: string) => {
  await page.keyboard.press('F4');
  await page.locator('.receipt input').fill(text);
  await page.keyboard.press('Enter');
  await page.locator('[data-testid^="receipt-"][role="status"]').waitFor();
};
const shifts = async (page: Page) => {
  await page.keyboard.press('F6');
  await page.getByTestId('manager-shifts').click();
  await page.locator('.shift-now').waitFor();
};
const reports = async (page: Page, period = 'today') => {
  await page.keyboard.press('F6');
  await page.getByTestId('manager-reports').click();
  await page.getByTestId(`report-${period}`).click();
  await page.locator('.report-amount').waitFor();
};
const bills = async (page: Page) => {
  await page.keyboard.press('F6');
  await page.getByTestId('manager-bills').click();
  await page.getByTestId('bill-fetch').waitFor();
  await page.locator('.bill-word, .list-state').first().waitFor();
};
const push = async (page: Page) => {
  await page.keyboard.press('F6');
  await page.getByTestId('manager-push').click();
  await page.locator('.hops').waitFor();
};
const noPush = (reason: 'not_enrolled' | 'not_configured' | 'away') => ({
  push: { ok: false, since: sample.at(-95), reason },
});
const lost = (reason: 'network' | 'storage_full') => ({ ok: false, since: sample.at(-95), reason });

/** Every state of the cashier's window, each with the backend that leads to it. */
export const SCENES: Scene[] = [
  { name: 'idle', screen: 'idle', script: {} },
  {
    name: 'first',
    screen: 'idle',
    script: { recent: [], today: { ...sample.today, paidFen: 0, paidCount: 0 } },
  },
  {
    name: 'entering',
    screen: 'entering',
    script: { live: [sample.parked, sample.stillClosing] },
    act: (page) => typed(page),
  },
  { name: 'long-amount', screen: 'entering', script: {}, act: (page) => typed(page, '99999999.99') },
  {
    name: 'zero',
    screen: 'entering',
    script: {},
    act: async (page) => {
      await typed(page, '0.00');
      await page.keyboard.press('Enter');
    },
  },
  { name: 'creating', screen: 'creating', script: { charge: 'hang' }, act: charged },
  {
    name: 'waiting',
    screen: 'waiting',
    script: {
      charge: sample.charge('waiting', [sample.trade('alipay'), sample.trade('wechat', { state: 'paying' })]),
    },
    act: charged,
  },
  {
    name: 'waiting-one',
    screen: 'waiting',
    script: {
      live: [sample.parked],
      charge: sample.charge('waiting', [
        sample.failed('alipay', 'amount_exceeds_limit'),
        sample.trade('wechat'),
      ]),
    },
    act: charged,
  },
  {
    name: 'waiting-focus',
    screen: 'waiting',
    script: { charge: sample.charge('waiting', [sample.trade('alipay'), sample.trade('wechat')]) },
    act: async (page) => {
      await charged(page);
      await page.getByTestId('qr-alipay').waitFor();
      await page.keyboard.press('2');
    },
  },
  {
    name: 'checking',
    screen: 'checking',
    script: { charge: sample.charge('checking', [sample.unknown('alipay'), sample.unknown('wechat')]) },
    act: charged,
  },
  {
    name: 'closing',
    screen: 'closing',
    script: {
      charge: sample.charge('closing', [
        sample.trade('alipay', { state: 'closing', codeUrl: null, payableUntil: sample.at(120) }),
        sample.closed('wechat'),
      ]),
    },
    act: charged,
  },
  {
    name: 'not-paid',
    screen: 'not_paid',
    script: {
      charge: sample.charge('closed', [
        sample.closed('alipay', { closedAt: sample.at(-2) }),
        sample.closed('wechat'),
      ]),
    },
    act: charged,
  },
  {
    name: 'paid',
    screen: 'paid',
    script: {
      charge: sample.charge('paid', [
        sample.trade('alipay', { state: 'closing', codeUrl: null }),
        sample.paid('wechat'),
      ]),
    },
    act: charged,
  },
  {
    name: 'paid-late',
    screen: 'paid',
    script: {
      live: [sample.parked],
      charge: sample.charge('paid', [sample.paid('alipay', { late: true }), sample.closed('wechat')]),
    },
    act: charged,
  },
  {
    name: 'paid-twice',
    screen: 'paid',
    script: {
      charge: sample.charge('paid', [sample.paid('alipay'), sample.surplus]),
      parked: sample.attention,
    },
    act: charged,
  },
  {
    name: 'paid-late-back',
    screen: 'paid',
    script: {
      charge: sample.charge('paid', [
        sample.paid('alipay', { late: true, refundDue: 'automatic' }),
        sample.closed('wechat'),
      ]),
    },
    act: charged,
  },
  {
    name: 'set-aside',
    screen: 'set_aside',
    script: { charge: sample.charge('set_aside', [sample.endedByHand, sample.closed('wechat')]) },
    act: charged,
  },
  {
    name: 'refused',
    screen: 'refused',
    script: {
      charge: sample.charge('failed', [
        sample.failed('alipay', 'amount_exceeds_limit'),
        sample.failed('wechat', 'merchant_rejected'),
      ]),
    },
    act: charged,
  },
  { name: 'refused-till', screen: 'refused', script: { charge: 'storage_full' }, act: charged },
  {
    name: 'lost-wallet',
    screen: 'entering',
    script: {
      status: {
        channels: [
          {
            channel: 'alipay',
            charging: { ok: false, since: sample.at(-95), reason: 'wallet_down' },
            lastAnswerAt: sample.at(-95),
          },
          { channel: 'wechat', charging: sample.status.charging, lastAnswerAt: sample.at(-2) },
        ],
      },
    },
    act: (page) => typed(page),
  },
  {
    name: 'lost-network',
    screen: 'idle',
    script: { status: { charging: lost('network'), seesPayments: lost('network') } },
  },
  {
    name: 'relay-away',
    screen: 'idle',
    script: { status: { push: { ok: false, since: sample.at(-95), reason: 'away' } } },
  },
  {
    name: 'offline',
    screen: 'idle',
    script: {
      status: {
        charging: lost('network'),
        seesPayments: lost('network'),
        channels: sample.status.channels.map((each) => ({ ...each, lastAnswerAt: sample.at(-97) })),
        outbox: sample.offline(3),
      },
    },
  },
  {
    name: 'draining',
    screen: 'entering',
    script: { status: { outbox: sample.offline(12) } },
    act: async (page, till) => {
      await typed(page);
      tellOutbox(till, sample.offline(7));
      await page.getByTestId('backlog').locator('progress').waitFor();
    },
  },
  {
    name: 'drained',
    screen: 'idle',
    script: { status: { outbox: sample.offline(12) } },
    act: async (page, till) => {
      await page.getByTestId('backlog').waitFor();
      tellOutbox(till, sample.offline(0));
      await page.getByTestId('backlog').locator('svg').waitFor();
    },
  },
  {
    name: 'draining-waiting',
    screen: 'waiting',
    script: {
      status: { outbox: sample.offline(12) },
      charge: sample.charge('waiting', [sample.trade('alipay'), sample.trade('wechat')]),
    },
    act: async (page, till) => {
      await charged(page);
      tellOutbox(till, sample.offline(7));
      await page.getByTestId('backlog').locator('progress').waitFor();
    },
  },
  { name: 'clock-fast', screen: 'idle', script: { status: { clockSkewMs: 598_000 } } },
  {
    name: 'link-lost',
    screen: 'waiting',
    script: { charge: sample.charge('waiting', [sample.trade('alipay'), sample.trade('wechat')]) },
    act: async (page, till) => {
      await charged(page);
      await page.getByTestId('qr-alipay').waitFor();
      till.goDown();
      await page.locator('[data-link="down"]').waitFor();
    },
  },
  {
    name: 'not-let-in',
    screen: 'idle',
    script: { isLetIn: false },
    act: (page) => page.locator('[data-link="not_let_in"]').waitFor(),
  },
  {
    name: 'to-collect',
    screen: 'idle',
    script: { toCollect: sample.toCollect },
    act: async (page) => {
      await page.keyboard.press('F2');
      await page.locator('.list-row').first().waitFor();
    },
  },
  {
    name: 'history',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await page.keyboard.press('F3');
      await page.locator('.list-row').first().waitFor();
    },
  },
  {
    name: 'timeline',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await page.keyboard.press('F3');
      await page.locator('.list-row').nth(1).click();
      await page.locator('.timeline summary').nth(1).click();
      await page.locator('.trade header').scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'attention-badge',
    screen: 'idle',
    script: { parked: [...sample.attention, sample.stuck], live: [sample.parked, sample.stillClosing] },
    act: (page) => page.getByTestId('attention').waitFor(),
  },
  {
    name: 'checking-stopped',
    screen: 'checking',
    script: { parked: [...sample.attention, sample.stuck], live: [sample.parked] },
    act: async (page) => {
      await page.getByTestId('tray').getByRole('button').click();
      await page.locator('.action-decide').nth(1).waitFor();
    },
  },
  {
    name: 'attention',
    screen: 'idle',
    script: { parked: sample.attention },
    act: (page) => attended(page),
  },
  {
    name: 'attention-none',
    screen: 'idle',
    script: { status: { outbox: { ...sample.status.outbox, refundsDue: 2 } } },
    act: async (page) => {
      await page.keyboard.press('F8');
      await page.locator('.list-state').waitFor();
    },
  },
  {
    name: 'attention-refund',
    screen: 'idle',
    script: { parked: sample.attention },
    act: (page) => attended(page, 0),
  },
  {
    name: 'attention-entry',
    screen: 'idle',
    script: { parked: sample.attention },
    act: (page) => attended(page, 1),
  },
  {
    name: 'by-hand',
    screen: 'idle',
    script: { parked: sample.attention },
    act: async (page) => {
      await attended(page, 1);
      await page.getByTestId('by-hand').click();
      await page.getByTestId('confirm').click();
    },
  },
  {
    name: 'by-hand-refused',
    screen: 'idle',
    script: { parked: sample.attention, byHand: 'entry_not_parked' },
    act: async (page) => {
      await attended(page, 1);
      await page.getByTestId('by-hand').click();
      await page.getByRole('textbox').fill('支付宝商家平台上查到已关闭');
      await page.getByTestId('confirm').click();
      await page.getByRole('alert').last().waitFor();
    },
  },
  {
    name: 'manager',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await page.keyboard.press('F6');
      await page.locator('.manager .list-row').first().waitFor();
    },
  },
  { name: 'reports', screen: 'idle', script: {}, act: (page) => reports(page) },
  {
    name: 'reports-month',
    screen: 'idle',
    script: { report: takings.month },
    act: (page) => reports(page, 'month'),
  },
  {
    name: 'reports-own',
    screen: 'idle',
    script: { report: takings.big },
    act: async (page) => {
      await reports(page, 'own');
      await page.locator('.bars-plot').first().focus();
      await page.keyboard.press('End');
      await page.keyboard.press('ArrowLeft');
    },
  },
  {
    name: 'reports-shares',
    screen: 'idle',
    script: { report: takings.month },
    act: async (page) => {
      await reports(page, 'month');
      await page.locator('.shares').last().scrollIntoViewIfNeeded();
    },
  },
  { name: 'reports-empty', screen: 'idle', script: { report: takings.none }, act: (page) => reports(page) },
  {
    name: 'history-filters',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await page.keyboard.press('F6');
      await page.locator('.manager .list-row').first().waitFor();
      await page.getByTestId('filter').click();
      await page.getByTestId('filter-from').fill('2026-11-21T14:00');
      await page.getByTestId('filter-channel').selectOption('wechat');
      await page.getByTestId('filter-cashier').selectOption({ index: 2 });
      await page.getByTestId('filter-amountFrom').fill('12.5');
      await page.locator('.manager .mark-alipay').first().waitFor({ state: 'detached' });
    },
  },
  { name: 'shift', screen: 'idle', script: {}, act: shifts },
  { name: 'shift-none', screen: 'idle', script: { shifts: [] }, act: shifts },
  {
    name: 'shift-hand-over',
    screen: 'idle',
    script: { session: sample.signedIn },
    act: async (page) => {
      await shifts(page);
      await page.getByTestId('shift-hand-over').click();
      await page.locator('.shift-next').waitFor();
    },
  },
  {
    name: 'shift-slip',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await shifts(page);
      await page.locator('.manager .list-row').first().click();
      await page.locator('.slip').waitFor();
    },
  },
  { name: 'bills', screen: 'idle', script: {}, act: bills },
  { name: 'bills-first', screen: 'idle', script: { bills: [] }, act: bills },
  {
    name: 'bill-result',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await bills(page);
      await page.locator('.manager .list-row').first().click();
      await page.locator('.bill-line').first().waitFor();
    },
  },
  {
    name: 'bill-running',
    screen: 'idle',
    script: { bills: [sample.runningBill, ...sample.bills] },
    act: bills,
  },
  {
    name: 'bill-movements',
    screen: 'idle',
    script: { bills: [sample.movementsBill] },
    act: async (page) => {
      await bills(page);
      await page.locator('.manager .list-row').first().click();
      await page.locator('.bill-against').waitFor();
    },
  },
  {
    name: 'bill-many',
    screen: 'idle',
    script: { bills: [sample.manyBill] },
    act: async (page) => {
      await bills(page);
      await page.locator('.manager .list-row').first().click();
      await page.locator('.bill-line').nth(40).waitFor();
      // By keyboard, from the first line to its decision and on.
      await page.locator('.bill-line .action').first().focus();
      await page.keyboard.press('Enter');
      await page.locator('.bill-decide').waitFor();
    },
  },
  {
    name: 'manager-trade',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await page.keyboard.press('F6');
      await page.locator('.manager .list-row').nth(1).click();
      await page.getByTestId('incident-file').waitFor();
    },
  },
  { name: 'push', screen: 'idle', script: {}, act: push },
  {
    name: 'push-through',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await push(page);
      await page.getByTestId('push-test').click();
      await page.locator('.hops-ok').nth(1).waitFor();
    },
  },
  {
    name: 'push-trying',
    screen: 'idle',
    script: { relayTest: 'hang' },
    act: async (page) => {
      await push(page);
      await page.getByTestId('push-test').click();
      await page.locator('.hops-trying').first().waitFor();
    },
  },
  {
    name: 'push-broken',
    screen: 'idle',
    script: { relayTest: { ok: false, failedHop: 'notify_address', httpStatus: 502, tookMs: null } },
    act: async (page) => {
      await push(page);
      await page.getByTestId('push-test').click();
      await page.locator('.hops-broken').waitFor();
    },
  },
  {
    name: 'push-away',
    screen: 'idle',
    script: { status: noPush('away'), relay: { rejected: 3 } },
    act: push,
  },
  {
    name: 'push-enrol',
    screen: 'idle',
    script: { status: noPush('not_configured'), relay: sample.notEnrolled },
    act: push,
  },
  {
    name: 'push-refused',
    screen: 'idle',
    script: { status: noPush('not_configured'), relay: sample.notEnrolled, enrols: 'relay_refused' },
    act: async (page) => {
      await push(page);
      await page.locator('.push-form input').first().fill('https://relay.example.com');
      await page.locator('.push-form input').nth(1).fill('k7qf-2m9x-hrtc');
      await page.getByTestId('push-enrol').click();
      await page.locator('.reason-problem').waitFor();
    },
  },
  {
    name: 'sign-in',
    screen: 'idle',
    script: { isSignedOut: true },
    act: async (page) => page.locator('.people-tile').first().waitFor(),
  },
  {
    name: 'sign-in-pin',
    screen: 'idle',
    script: { isSignedOut: true, refusedPin: 'sign_in_refused' },
    act: async (page) => {
      await page.locator('.people-tile').nth(2).click();
      await page.keyboard.type('407183');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').filter({ hasText: /./ }).waitFor();
    },
  },
  {
    name: 'signed-in',
    screen: 'idle',
    script: { session: sample.signedIn },
    act: async (page) => {
      await page.getByTestId('account').click();
      await page.getByTestId('sign-out').waitFor();
    },
  },
  {
    name: 'locked',
    screen: 'idle',
    script: { session: sample.signedIn },
    act: async (page) => {
      await page.keyboard.press('F9');
      await page.getByTestId('unlock').waitFor();
    },
  },
  {
    name: 'locked-waiting',
    screen: 'waiting',
    script: {
      session: sample.signedIn,
      charge: sample.charge('waiting', [sample.trade('alipay'), sample.trade('wechat')]),
    },
    act: async (page) => {
      await charged(page);
      await page.getByTestId('qr-alipay').waitFor();
      await page.keyboard.press('F9');
      await page.getByTestId('locked').waitFor();
    },
  },
  {
    name: 'people',
    screen: 'idle',
    script: { session: sample.signedIn },
    act: async (page) => {
      await page.keyboard.press('F6');
      await page.getByTestId('manager-people').click();
      await page.locator('.people-row').first().waitFor();
    },
  },
  {
    name: 'people-add',
    screen: 'idle',
    script: { session: sample.signedIn },
    act: async (page) => {
      await page.keyboard.press('F6');
      await page.getByTestId('manager-people').click();
      await page.getByTestId('add-person').click();
    },
  },
  {
    name: 'people-change',
    screen: 'idle',
    script: { session: sample.signedIn },
    act: async (page) => {
      await page.keyboard.press('F6');
      await page.getByTestId('manager-people').click();
      await page.getByTestId('change-person').nth(1).click();
      await page.getByTestId('person-leave').waitFor();
    },
  },
  {
    name: 'people-set-up',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await page.keyboard.press('F6');
      await page.getByTestId('manager-people').click();
      await page.getByTestId('send-person').click();
      await page.getByRole('alert').waitFor();
    },
  },
  {
    name: 'policy',
    screen: 'idle',
    script: { session: sample.signedIn },
    act: async (page) => {
      await page.keyboard.press('F6');
      await page.getByTestId('manager-policy').click();
      await page.getByTestId('approval').waitFor();
    },
  },
  {
    name: 'approval',
    screen: 'idle',
    script: { session: sample.signedIn, parked: sample.attention },
    act: async (page) => {
      await attended(page, 1);
      await page.getByTestId('by-hand').click();
      await page.getByTestId('approval').waitFor();
    },
  },
  {
    name: 'approval-touch',
    screen: 'idle',
    script: { session: sample.signedIn, parked: sample.attention },
    act: async (page) => {
      await attended(page, 1);
      await page.getByTestId('by-hand').click();
      const pin = page.getByTestId('approval').locator('input[type="password"]');
      await pin.dispatchEvent('pointerdown', { pointerType: 'touch' });
      await pin.dispatchEvent('click');
      await page.locator('.pin-keys').waitFor();
    },
  },
  {
    name: 'timeline-ended',
    screen: 'idle',
    script: { opened: { trade: sample.endedByHand, timeline: sample.endedTimeline } },
    act: async (page) => {
      await page.keyboard.press('F3');
      await page.locator('.list-row').nth(1).click();
      await page.locator('.timeline').waitFor();
    },
  },
  {
    name: 'timeline-surplus',
    screen: 'idle',
    script: {
      opened: { trade: sample.surplus, timeline: sample.timeline },
      parked: sample.attention,
    },
    act: async (page) => {
      await page.keyboard.press('F3');
      await page.locator('.list-row').nth(1).click();
      await page.locator('.trade-notice').waitFor();
    },
  },
  {
    name: 'refunds',
    screen: 'idle',
    script: { opened: { trade: sample.partlyBack, timeline: sample.timeline }, refunds: sample.refunds },
    act: async (page) => {
      await page.keyboard.press('F3');
      await page.locator('.list-row').nth(1).click();
      await page.locator('.refund').nth(2).waitFor();
    },
  },
  {
    name: 'refund',
    screen: 'idle',
    script: { opened: { trade: sample.partlyBack, timeline: sample.timeline }, refunds: sample.refunds },
    act: async (page) => {
      await page.keyboard.press('F3');
      await page.locator('.list-row').nth(1).click();
      await page.getByTestId('refund').click();
      await page.getByTestId('refund-confirm').waitFor();
    },
  },
  {
    name: 'refund-find',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await page.keyboard.press('F4');
      await page.getByTestId('receipt-find').waitFor();
    },
  },
  {
    name: 'refund-scanned',
    screen: 'idle',
    script: {
      found: [sample.partlyBack],
      opened: { trade: sample.partlyBack, timeline: sample.timeline },
      refunds: sample.refunds,
    },
    act: async (page) => {
      await scanned(page, sample.partlyBack.providerTradeNo ?? '');
      await page.getByTestId('refund-confirm').waitFor();
    },
  },
  {
    name: 'refund-gone',
    screen: 'idle',
    script: {
      found: [sample.allBack],
      opened: { trade: sample.allBack, timeline: sample.timeline },
      refunds: sample.refunds.slice(0, 1).map((refund) => ({ ...refund, amountFen: 1_250 })),
    },
    act: async (page) => {
      await sought(page, sample.allBack.orderNo);
      await page.locator('.timeline').waitFor();
    },
  },
  {
    name: 'refund-several',
    screen: 'idle',
    script: { found: [sample.partlyBack, sample.surplus] },
    act: (page) => sought(page, '12.50'),
  },
  {
    name: 'refund-elsewhere',
    screen: 'idle',
    script: { found: [] },
    act: (page) => sought(page, 'WWHW2611211433390003WJ2425'),
  },
  {
    name: 'refund-not-found',
    screen: 'idle',
    script: { found: [] },
    act: (page) => sought(page, '4200000000202611210000000001'),
  },
  {
    name: 'give-back-approval',
    screen: 'idle',
    script: { session: sample.signedIn, parked: sample.attention, byHand: 'approval_needed' },
    act: async (page) => {
      await attended(page, 0);
      await page.getByTestId('give-back').click();
      await page.getByTestId('approval').waitFor();
    },
  },
  {
    name: 'history-odd',
    screen: 'idle',
    script: {
      recent: [sample.odd, ...sample.recent],
      parked: sample.attention,
    },
    act: async (page) => {
      await page.keyboard.press('F3');
      await page.locator('.list-row').first().waitFor();
    },
  },
];

export function scene(name: string): Scene {
  const found = SCENES.find((each) => each.name === name);
  if (!found) throw new Error(`There is no scene ${name}.`);
  return found;
}
