import * as sample from '../sample.ts';
import { attended } from './acts.ts';
import type { Scene } from './scene.ts';

/** What waits for a person, and what a person ends by hand. */
export const ATTENTION: Scene[] = [
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
    name: 'attention-refund-unnamed',
    screen: 'idle',
    script: { parked: sample.strangeRefunds },
    act: (page) => attended(page, 0),
  },
  {
    name: 'attention-refund-unfit',
    screen: 'idle',
    script: { parked: sample.strangeRefunds },
    act: (page) => attended(page, 1),
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
    name: 'give-back-approval',
    screen: 'idle',
    script: { session: sample.signedIn, parked: sample.attention, byHand: 'approval_needed' },
    act: async (page) => {
      await attended(page, 0);
      await page.getByTestId('give-back').click();
      await page.getByTestId('approval').waitFor();
    },
  },
];
