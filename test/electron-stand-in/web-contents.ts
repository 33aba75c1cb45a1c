import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { CDPSession, Frame, Page, Request, Route } from 'playwright-core';
import { fromChromium, toChromium } from './addresses.ts';
import { ipcMain } from './ipc-main.ts';
import { PortRelay, type RelayMessage, type StandInPort } from './message-port.ts';
import { decode, type Encoded, encode, mainWorldScript, preloadScript } from './renderer-shim.ts';
import { report } from './report.ts';
import type { StandInSession } from './session.ts';

const WORLD = 'Electron Isolated Context';
const all = new Set<StandInContents>();

type WindowOpenHandler = (details: { url: string }) => { action: 'deny' | 'allow' };
type PageMessage =
  | { kind: 'ipc'; channel: string; args: Encoded[] }
  | { kind: 'port-message'; port: number; data: Encoded }
  | { kind: 'port-close'; port: number };

/** Electron's `webContents` over a page of Chromium's. */
export class StandInContents extends EventEmitter {
  readonly session: StandInSession;
  readonly #secret = randomBytes(8).toString('hex');
  readonly #ready: Promise<Page>;
  #page: Page | null = null;
  #cdp: CDPSession | null = null;
  #context: number | null = null;
  #windowOpen: WindowOpenHandler = () => ({ action: 'allow' });
  /** The address that the code itself asked for: no `will-navigate` then, as in Electron. */
  #asked: string | null = null;
  #relay = new PortRelay((message) => void this.#sendRelay(message));

  constructor(session: StandInSession, preload: string | undefined, size: { width: number; height: number }) {
    super();
    this.session = session;
    session.judge = judge;
    all.add(this);
    this.#ready = this.#open(preload, size);
    this.#ready.catch((error) => console.error(error));
  }

  setWindowOpenHandler(handler: WindowOpenHandler): void {
    this.#windowOpen = handler;
  }

  getURL(): string {
    return fromChromium(this.#page?.url() ?? 'about:blank');
  }

  async loadURL(url: string): Promise<void> {
    const page = await this.#ready;
    const address = toChromium(url);
    this.#asked = address;
    const origin = new URL(address).origin;
    await this.session.applyPermissions(page, origin, this);
    await page.goto(address, { waitUntil: 'load' });
  }

  reload(): void {
    void this.#ready.then((page) => {
      this.#asked = page.url();
      return page.reload();
    });
  }

  send(channel: string, ...args: unknown[]): void {
    void this.#tell({ kind: 'ipc', channel, args: args.map(encode), ports: [] });
  }

  postMessage(channel: string, message: unknown, transfer: readonly StandInPort[] = []): void {
    const ports = transfer.map((port) => this.#relay.carry(port));
    void this.#tell({ kind: 'ipc', channel, args: [encode(message)], ports });
  }

  async printToPDF({
    pageSize,
    printBackground,
  }: {
    pageSize: string;
    printBackground: boolean;
  }): Promise<Buffer> {
    return (await this.#ready).pdf({ format: pageSize, printBackground });
  }

  async close(): Promise<void> {
    const page = await this.#ready;
    await page.close();
  }

  async bringToFront(): Promise<void> {
    await (await this.#ready).bringToFront();
  }

  owns(page: Page): boolean {
    return this.#page === page;
  }

  /** A page wants to go somewhere: asks the code. True when it may. */
  mayNavigate(address: string): boolean {
    if (this.#asked === address) {
      this.#asked = null;
      return true;
    }
    let prevented = false;
    this.emit('will-navigate', {
      url: fromChromium(address),
      preventDefault: () => {
        prevented = true;
      },
    });
    return !prevented;
  }

  #askForWindow(address: string): void {
    const { action } = this.#windowOpen({ url: fromChromium(address) });
    if (action !== 'deny') throw new Error('The stand-in opens no window for a page.');
  }

  async #open(preload: string | undefined, size: { width: number; height: number }): Promise<Page> {
    const context = await this.session.context();
    const blank = context.pages().find((page) => page.url() === 'about:blank' && !isOwned(page));
    const page = blank ?? (await context.newPage());
    this.#page = page;
    await page.setViewportSize(size);
    page.once('close', () => {
      all.delete(this);
      this.#relay.end();
      this.emit('destroyed');
    });
    page.on('crash', () => this.emit('render-process-gone', {}, { reason: 'crashed' }));
    const cdp = await context.newCDPSession(page);
    this.#cdp = cdp;
    // Electron asks before a window exists; here it is closed, unloaded, and asked for.
    cdp.on('Page.windowOpen', ({ url }) => this.#askForWindow(url));
    page.on('popup', (popup) => void popup.close().catch(() => {}));
    await cdp.send('Page.enable');
    if (preload !== undefined) await this.#inject(cdp, preload);
    const { targetInfo } = await cdp.send('Target.getTargetInfo');
    report({ type: 'window', targetId: targetInfo.targetId });
    return page;
  }

  async #inject(cdp: CDPSession, preload: string): Promise<void> {
    cdp.on('Runtime.executionContextCreated', ({ context }) => {
      if (context.name !== WORLD) return;
      cdp
        .send('Page.getFrameTree')
        .then(({ frameTree }) => {
          if (context.auxData?.frameId === frameTree.frame.id) this.#context = context.id;
        })
        .catch(() => {});
    });
    cdp.on('Runtime.executionContextDestroyed', ({ executionContextId }) => this.#lost(executionContextId));
    cdp.on('Runtime.executionContextsCleared', () => this.#lost(this.#context));
    cdp.on('Runtime.bindingCalled', ({ name, payload, executionContextId }) => {
      if (name !== `send_${this.#secret}`) return;
      this.#context = executionContextId;
      this.#take(JSON.parse(payload));
    });
    await cdp.send('Runtime.enable');
    await cdp.send('Runtime.addBinding', { name: `send_${this.#secret}`, executionContextName: WORLD });
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source: mainWorldScript(this.#secret) });
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', {
      worldName: WORLD,
      source: preloadScript({
        secret: this.#secret,
        preload: readFileSync(preload, 'utf8'),
        platform: process.platform,
        versions: { electron: 'stand-in' },
      }),
    });
  }

  /** The page went away, with its ends of all ports. */
  #lost(context: number | null): void {
    if (context === null || context !== this.#context) return;
    this.#context = null;
    this.#relay.end();
  }

  #take(message: PageMessage): void {
    if (message.kind === 'port-message') this.#relay.take({ ...message, data: decode(message.data) });
    else if (message.kind === 'port-close') this.#relay.take(message);
    else {
      const senderFrame = { url: this.getURL(), parent: null };
      ipcMain.emit(message.channel, { sender: this, senderFrame, ports: [] }, ...message.args.map(decode));
    }
  }

  #sendRelay(message: RelayMessage): Promise<void> {
    return this.#tell(message.kind === 'port-message' ? { ...message, data: encode(message.data) } : message);
  }

  async #tell(message: object): Promise<void> {
    const contextId = this.#context;
    if (contextId === null) return;
    const expression = `globalThis['receive_${this.#secret}'](${JSON.stringify(message)})`;
    await this.#cdp?.send('Runtime.evaluate', { expression, contextId }).catch(() => {});
  }
}

function isOwned(page: Page): boolean {
  return [...all].some((contents) => contents.owns(page));
}

/** Stands between a page and the network: navigation is asked for first, and a window of no one's loads nothing. */
async function judge(route: Route): Promise<boolean> {
  const request = route.request();
  if (!request.isNavigationRequest()) return true;
  const frame = frameOf(request);
  if (frame?.parentFrame()) return true;
  const contents = frame && [...all].find((one) => one.owns(frame.page()));
  if (contents?.mayNavigate(request.url())) return true;
  await route.abort('aborted');
  return false;
}

/** Null for a window that does not exist yet. */
function frameOf(request: Request): Frame | null {
  try {
    return request.frame();
  } catch {
    return null;
  }
}
