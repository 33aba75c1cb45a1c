import { EventEmitter } from 'node:events';
import type { BrowserContext, Page, Route } from 'playwright-core';
import { fromChromium, schemeOf } from './addresses.ts';
import { contextOf } from './chromium-host.ts';

type Files = (request: { url: string; method: string }) => Response | Promise<Response>;
type BeforeRequest = (request: { url: string }, answer: (verdict: { cancel: boolean }) => void) => void;
type PermissionRequest = (contents: unknown, permission: string, answer: (granted: boolean) => void) => void;

const handlers = new Map<string, Files>();

export const protocolHandlers = {
  handle: (scheme: string, files: Files) => void handlers.set(scheme, files),
};

/** Names of Chromium's permissions that a page could ask for. */
const PERMISSIONS = [
  'geolocation',
  'notifications',
  'audioCapture',
  'videoCapture',
  'midi',
  'clipboardReadWrite',
  'displayCapture',
];

/** Electron's session over a browser context. What is not asked of it here it does not have. */
export class StandInSession extends EventEmitter {
  readonly #partition: string | null;
  #context: Promise<BrowserContext> | null = null;
  #beforeRequest: BeforeRequest | null = null;
  #permissionRequest: PermissionRequest | null = null;
  /** Asked for each request of a page; false when it was dealt with. */
  judge: (route: Route) => Promise<boolean> = async () => true;

  constructor(partition: string | null) {
    super();
    this.#partition = partition;
  }

  readonly webRequest = {
    onBeforeRequest: (listener: BeforeRequest) => {
      this.#beforeRequest = listener;
    },
  };

  setPermissionRequestHandler(handler: PermissionRequest): void {
    this.#permissionRequest = handler;
  }
  setPermissionCheckHandler(_handler: () => boolean): void {}
  setDevicePermissionHandler(_handler: () => boolean): void {}

  context(): Promise<BrowserContext> {
    this.#context ??= this.#open();
    return this.#context;
  }

  async #open(): Promise<BrowserContext> {
    const context = await contextOf(this.#partition);
    context.setDefaultTimeout(0);
    await context.route('**/*', (route) => this.#answer(route).catch(() => route.abort().catch(() => {})));
    return context;
  }

  /** Chromium asks nobody in headless mode; what the handler would say is set beforehand. */
  async applyPermissions(page: Page, origin: string, contents: unknown): Promise<void> {
    const cdp = await page.context().newCDPSession(page);
    for (const name of PERMISSIONS) {
      let granted = true;
      this.#permissionRequest?.(contents, name, (answer) => {
        granted = answer;
      });
      await cdp.send('Browser.setPermission', {
        origin,
        permission: { name: name === 'clipboardReadWrite' ? 'clipboard-read' : (CDP_NAMES[name] ?? name) },
        setting: granted ? 'granted' : 'denied',
      });
    }
    await cdp.detach();
  }

  async #answer(route: Route): Promise<void> {
    const url = fromChromium(route.request().url());
    if (!(await this.judge(route))) return;
    let cancel = false;
    this.#beforeRequest?.({ url }, (verdict) => {
      cancel = verdict.cancel;
    });
    if (cancel) return route.abort('blockedbyclient');
    const files = handlers.get(schemeOf(url));
    if (!files) return route.continue();
    const response = await files({ url, method: route.request().method() });
    await route.fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    });
  }
}

const CDP_NAMES: Record<string, string> = {
  audioCapture: 'microphone',
  videoCapture: 'camera',
  displayCapture: 'display-capture',
};

const partitions = new Map<string, StandInSession>();

export const session = {
  defaultSession: new StandInSession(null),
  fromPartition(name: string): StandInSession {
    const known = partitions.get(name) ?? new StandInSession(name);
    partitions.set(name, known);
    return known;
  },
};
