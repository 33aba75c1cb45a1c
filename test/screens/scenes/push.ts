import type { Page } from 'playwright-core';
import * as sample from '../sample.ts';
import type { Scene } from './scene.ts';

const push = async (page: Page) => {
  await page.keyboard.press('F6');
  await page.getByTestId('manager-push').click();
  await page.locator('.hops').waitFor();
};
const noPush = (reason: 'not_enrolled' | 'not_configured' | 'away') => ({
  push: { ok: false, since: sample.at(-95), reason },
});

/** Enrolled at a relay, or not, and what a test finds. */
export const PUSH: Scene[] = [
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
    name: 'push-again',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await push(page);
      await page.getByTestId('push-again').click();
      await page.locator('.push-form').scrollIntoViewIfNeeded();
    },
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
];
