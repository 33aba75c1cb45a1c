import type { HttpAnswer } from '../../ports/http.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { Keys } from './keys.ts';
import type { LockServer } from './lock-server.ts';
import type { Disk } from './mortal-database.ts';
import type { Chance } from './random.ts';
import type { Scenario } from './scenario.ts';
import type { Counts } from './tally.ts';
import type { WorldTime } from './time.ts';
import type { Trace } from './trace.ts';

/** A code as an API of a till has shown it: from then on anybody may have a photograph of it. */
export interface ShownCode {
  till: string;
  code: string;
  channel: 'alipay' | 'wechat';
  tradeNo: string;
  chargeId: string;
  orderNo: string;
}

/** The relay as the others see it. */
export interface RelayParty {
  readonly disk: Disk;
  /** An orderly end, then a new process. */
  restart(): void;
  /** Power cut. */
  kill(): void;
  /** Posts what a wallet says; null when nobody answers. */
  post(path: string, headers: Record<string, string>, body: string): Promise<HttpAnswer | null>;
  /** False once it is gone for good. */
  isThere(): boolean;
  /** Notifications that it stored: id → till. */
  readonly promised: ReadonlyMap<string, string>;
}

/** What every party of a world shares. */
export interface World {
  readonly seed: number;
  readonly scenario: Scenario;
  readonly keys: Keys;
  readonly chance: Chance;
  readonly time: WorldTime;
  readonly sandbox: Sandbox;
  readonly trace: Trace;
  readonly counts: Counts;
  readonly shown: Map<string, ShownCode>;
  /** Everything that must never be. A world with one has found a bug. */
  readonly violations: string[];
  /** Trades that a wallet has refused to open, in its own words and for good. */
  readonly refused: Set<string>;
  /** Payments that a person has decided to give back. */
  readonly decided: Set<string>;
  /** Where tills that share their orders lock them. */
  readonly locks: LockServer;
  /** Null in a world where the wallets cannot reach the tills. */
  readonly relay: RelayParty | null;
  /** True once the trouble is over. */
  isHealed: boolean;
  /** Notes a violation; a world may have several. */
  violation(rule: string, text: string): void;
  showCode(shown: ShownCode): void;
  /** A till has begun to collect an order. */
  chargeStarted(till: string, orderNo: string): void;
}
