import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RelayTest } from '../../contract/relay.ts';
import type { Script } from './fake-till.ts';
import { openScreens } from './open-screens.ts';
import * as sample from './sample.ts';
import { type Look, stageScene } from './stage.ts';

const { browser, till } = await openScreens();

const SMALL: Look = { locale: 'en-US', theme: 'light', width: 1_024, height: 600 };
const AWAY = { ok: false, since: sample.at(-95), reason: 'not_configured' as const };

async function open(script: Script) {
  const staged = await stageScene(browser, till, { name: 'idle', screen: 'idle', script }, SMALL);
  onTestFinished(staged.close);
  const { page } = staged;
  await page.keyboard.press('F6');
  await page.getByTestId('manager-push').click();
  await page.locator('.hops').waitFor();
  return staged;
}

/** How the two hops stand, as their links are drawn. */
const hops = async (page: Page) =>
  (await page.locator('.hops-link').all()).length === 2
    ? await Promise.all(
        (await page.locator('.hops-link').all()).map(async (link) =>
          /hops-(unknown|trying|ok|broken)/.exec((await link.getAttribute('class')) ?? '')?.at(1),
        ),
      )
    : [];
const asked = (path: string) => till.asked.filter((each) => each.path === path);

describe('the page about push', { timeout: 60_000 }, () => {
  test('enrols by the keyboard alone, and then sends a test by itself', async () => {
    const { page, complaints } = await open({ status: { push: AWAY }, relay: sample.notEnrolled });
    expect(await hops(page)).toEqual(['unknown', 'broken']);
    await page.locator('.push-form input').first().focus();
    await page.keyboard.type('https://relay.example.com');
    await page.keyboard.press('Tab');
    await page.keyboard.type('k7qf-2m9x-hrtc');
    const before = asked('/relay/test').length;
    await page.keyboard.press('Enter');
    await page.getByText('went all the way').waitFor();
    expect(await hops(page)).toEqual(['ok', 'ok']);
    expect(asked('/relay/enrol').at(-1)?.body).toEqual({
      url: 'https://relay.example.com',
      code: 'K7QF-2M9X-HRTC',
      reason: 'First enrolment',
    });
    expect(asked('/relay/test').length).toBe(before + 1);
    expect(complaints).toEqual([]);
  });

  test('asks why before a till that is enrolled is enrolled again', async () => {
    const { page } = await open({});
    await page.getByTestId('push-again').click();
    await page.locator('.push-form input').nth(1).fill('k7qf-2m9x-hrtc');
    await page.getByTestId('push-enrol').click();
    await page.getByRole('alert').filter({ hasText: 'reason' }).waitFor();
    expect(asked('/relay/enrol')).toEqual([]);
    await page.getByRole('button', { name: 'Another machine' }).click();
    await page.getByTestId('push-enrol').click();
    await page.getByText('went all the way').waitFor();
    expect(asked('/relay/enrol').at(-1)?.body).toMatchObject({ reason: 'Another machine' });
  });

  test('says at its field what the relay did not take, and loses nothing that was typed', async () => {
    const { page } = await open({
      status: { push: AWAY },
      relay: sample.notEnrolled,
      enrols: 'relay_refused',
    });
    const [url, code] = [page.locator('.push-form input').first(), page.locator('.push-form input').nth(1)];
    await url.fill('relay.example.com');
    await page.getByTestId('push-enrol').click();
    await page.locator('.reason-problem').filter({ hasText: 'https://' }).waitFor();
    await url.fill('https://relay.example.com');
    await code.fill('WRONG');
    await page.getByTestId('push-enrol').click();
    await page.locator('.reason-problem').filter({ hasText: 'wrong, old or used' }).waitFor();
    expect([await url.inputValue(), await code.inputValue()]).toEqual(['https://relay.example.com', 'WRONG']);
  });

  test.each<[NonNullable<RelayTest['failedHop']>, string[], string]>([
    ['notify_address', ['broken', 'ok'], 'the address that wallets call'],
    ['delivery', ['ok', 'broken'], 'nothing came within ten seconds'],
  ])('shows at which hop a test ended: %s', async (failedHop, drawn, words) => {
    const { page } = await open({ relayTest: { ok: false, failedHop, httpStatus: null, tookMs: null } });
    expect(await hops(page)).toEqual(['unknown', 'ok']);
    await page.getByTestId('push-test').click();
    await page.locator('.hops figcaption').filter({ hasText: words }).waitFor();
    expect(await hops(page)).toEqual(drawn);
  });

  test('follows the connection while it is open', async () => {
    const { page } = await open({});
    expect(await hops(page)).toEqual(['unknown', 'ok']);
    const push = { ...AWAY, reason: 'away' as const };
    till.tell({ type: 'status', at: sample.NOW, status: { ...sample.status, push } });
    await page.locator('.push-lead').filter({ hasText: 'the relay does not answer' }).waitFor();
    expect(await hops(page)).toEqual(['unknown', 'broken']);
  });
});
