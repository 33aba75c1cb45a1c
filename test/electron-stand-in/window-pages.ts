import type { BrowserContext, Page } from 'playwright-core';

/**
 * Which of Chromium's pages are the app's windows. Chromium opens a page of its own whenever a page asks for
 * a window; the stand-in closes it at once, and it is nobody's window, though it may be seen in between.
 */
export class WindowPages {
  readonly #context: BrowserContext;
  readonly #changed: () => void;
  readonly #byTarget = new Map<string, Page>();

  /** `changed` is called when a page has come or gone to another address. */
  constructor(context: BrowserContext, changed: () => void) {
    this.#context = context;
    this.#changed = changed;
    context.on('page', (page) => void this.#meet(page));
    for (const page of context.pages()) void this.#meet(page);
  }

  /** The page of a target that is open. */
  find(targetId: string): Page | undefined {
    const page = this.#byTarget.get(targetId);
    return page?.isClosed() ? undefined : page;
  }

  async #meet(page: Page): Promise<void> {
    // Only one that is closing cannot be asked, and that is no window any more.
    const targetId = await targetIdOf(this.#context, page).catch(() => null);
    if (targetId === null) return;
    this.#byTarget.set(targetId, page);
    page.on('framenavigated', this.#changed);
    this.#changed();
  }
}

/** What Chromium calls a page, the same for everybody that drives it. */
async function targetIdOf(context: BrowserContext, page: Page): Promise<string> {
  const cdp = await context.newCDPSession(page);
  const { targetInfo } = await cdp.send('Target.getTargetInfo');
  await cdp.detach();
  return targetInfo.targetId;
}
