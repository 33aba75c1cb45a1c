import jsQR from 'jsqr';
import type { Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { expect } from 'vitest';
import { systemClock } from '../../ports/clock.ts';
import { type ServiceChild, startService } from '../../scripts/service-child.ts';
import { launchApp, type RunningApp } from './driver.ts';

const isTill = (url: string) => url.startsWith('app://mianfu/');

export type Wallet = 'alipay' | 'wechat';
export type Screen =
  | 'idle'
  | 'entering'
  | 'creating'
  | 'waiting'
  | 'checking'
  | 'closing'
  | 'not_paid'
  | 'paid'
  | 'refused';

interface LedgerTrade {
  channel: Wallet;
  tradeNo: string;
  state: string;
  paid: boolean;
  amountFen: number;
}

/** A counter with a till on it, a customer before it, and both wallets behind: everything that a scenario needs. */
export class Counter {
  readonly app: RunningApp;
  readonly page: Page;
  readonly #sandbox: ServiceChild;
  readonly #wallets: string;

  private constructor(app: RunningApp, page: Page, sandbox: ServiceChild, wallets: string) {
    this.app = app;
    this.page = page;
    this.#sandbox = sandbox;
    this.#wallets = wallets;
  }

  static async open(env: Record<string, string> = {}): Promise<Counter> {
    const sandbox = startService('sandbox', ['--port', '0'], {
      clock: systemClock(),
      env: { ...process.env, MIANFU_LOG_LEVEL: 'error' },
    });
    const opened: { app?: RunningApp } = {};
    try {
      const wallets = await sandbox.listening;
      opened.app = await launchApp({ MIANFU_SANDBOX: wallets, MIANFU_MERCHANT: '', ...env });
      const counter = new Counter(opened.app, await opened.app.window(isTill), sandbox, wallets);
      await counter.shows('idle');
      return counter;
    } catch (error) {
      await opened.app?.quit();
      await sandbox.stop();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.app.quit();
    await this.#sandbox.stop();
  }

  get wallets(): string {
    return this.#wallets;
  }

  async shows(...screens: Screen[]): Promise<void> {
    const selector = screens.map((screen) => `[data-screen="${screen}"]`).join();
    await this.page.locator(selector).waitFor({ timeout: 30_000 });
  }

  screen(): Promise<string | null> {
    return this.page.locator('[data-screen]').getAttribute('data-screen');
  }

  async keys(...keys: string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** Types an amount in yuan and asks for the codes. */
  async charge(yuan: string): Promise<void> {
    await this.keys(...yuan, 'Enter');
  }

  /** What the customer's camera reads from the screen. */
  async scanScreen(wallet: Wallet): Promise<string> {
    let code: string | undefined;
    await expect
      .poll(
        async () => {
          const image = PNG.sync.read(await this.page.getByTestId(`qr-${wallet}`).screenshot());
          code = jsQR(new Uint8ClampedArray(image.data), image.width, image.height)?.data;
          return code;
        },
        { timeout: 20_000 },
      )
      .toBeTypeOf('string');
    return code ?? '';
  }

  /** The customer's phone. Resolves with the HTTP status: 200, or 409 when it cannot be paid. */
  async phone(act: 'scan' | 'pay', code: string): Promise<number> {
    return (await this.#post(`/phone/${act}`, { code })).status;
  }

  async armFault(fault: object): Promise<void> {
    expect((await this.#post('/faults', fault)).status).toBe(201);
  }

  async ledger(): Promise<LedgerTrade[]> {
    const { trades } = (await (await fetch(`${this.#wallets}/ledger`)).json()) as { trades: LedgerTrade[] };
    return trades;
  }

  /** The trades of the newest charge have this state at the wallets, sooner or later. */
  async walletsHold(states: Partial<Record<Wallet, string>>): Promise<void> {
    await expect
      .poll(
        async () => {
          const newest = new Map((await this.ledger()).map((trade) => [trade.channel, trade.state]));
          return Object.fromEntries(
            Object.keys(states).map((wallet) => [wallet, newest.get(wallet as Wallet)]),
          );
        },
        { timeout: 30_000 },
      )
      .toEqual(states);
  }

  #post(path: string, body: object): Promise<Response> {
    return fetch(this.#wallets + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }
}
