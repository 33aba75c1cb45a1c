import * as sample from '../sample.ts';
import { charged } from './acts.ts';
import type { Scene } from './scene.ts';

/** Who is at the till, and what the shop has decided. */
export const PEOPLE: Scene[] = [
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
];
