import type { Page } from 'playwright-core';
import type { FakeTill, Script } from '../fake-till.ts';

/** A state of the window, with the backend and the hand that lead to it. */
export interface Scene {
  name: string;
  script: Script;
  /** The word in `data-screen` once the scene stands. */
  screen: string;
  act?(page: Page, till: FakeTill): Promise<void>;
}
