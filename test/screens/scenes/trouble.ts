import type { TillStatus } from '../../../contract/till.ts';
import type { FakeTill } from '../fake-till.ts';
import * as sample from '../sample.ts';
import { charged, typed } from './acts.ts';
import type { Scene } from './scene.ts';

const tellOutbox = (till: FakeTill, outbox: TillStatus['outbox']) =>
  till.tell({ type: 'status', at: sample.NOW, status: { ...sample.status, outbox } });
const lost = (reason: 'network' | 'storage_full') => ({ ok: false, since: sample.at(-95), reason });

/** What the till has lost, and how it comes back. */
export const TROUBLE: Scene[] = [
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
];
