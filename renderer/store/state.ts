import type { Order } from '../../contract/order.ts';
import type { OutboxEntry } from '../../contract/outbox.ts';
import type { SignedIn } from '../../contract/people.ts';
import type { DaySummary, Till, TillStatus } from '../../contract/till.ts';
import type { Channel } from '../../contract/trade.ts';
import type { HeldBy } from '../error-words.ts';
import type { LinkErrorCode } from '../link-error.ts';
import type { Backlog } from './backlog.ts';

export type AmountProblem = 'zero' | 'too_large';

/** A short word at the edge of the screen; replaced by the next key. */
export type Notice =
  | { kind: 'amount'; problem: AmountProblem }
  | { kind: 'scanned'; text: string }
  | { kind: 'not_an_amount'; text: string }
  | { kind: 'cannot_cancel'; code: LinkErrorCode };

/** An order that this window is collecting or trying to stop; what the backend holds is in `orders`. */
export interface Sale {
  orderNo: string;
  amountFen: number;
  source: Order['source'];
  /** True from Enter until the backend has answered; repeats run under the same number. */
  isAsking: boolean;
  /** Times that the backend could not be asked, since Enter. */
  misses: number;
  /** The backend's refusal, or null. */
  error: ({ code: LinkErrorCode; retryAt: string | null } & HeldBy) | null;
  /** Who has the order while it is asked for again and again. */
  held?: HeldBy | undefined;
  /** The charge that had ended before this attempt; null on the first one. */
  previousChargeId: string | null;
  cancelWanted: boolean;
}

type LinkPhase =
  | { phase: 'connecting' }
  | { phase: 'up' }
  | { phase: 'down'; sinceMs: number }
  | { phase: 'not_let_in' }
  /** The backend is there; nobody is signed in. */
  | { phase: 'signed_out' };

export interface TillState {
  link: LinkPhase;
  till: Till | null;
  /** Who is signed in here, and what they may; null until known. */
  session: SignedIn | null;
  status: TillStatus | null;
  today: DaySummary | null;
  /** Questions without an answer since they began to pile up; null while there are none. */
  backlog: Backlog | null;
  /** What waits for a person, oldest first: as much of it as marks on the screen need. */
  parked: readonly OutboxEntry[];
  /** The backend's clock less ours, milliseconds. */
  clockOffsetMs: number;
  /** What stands in the amount field. */
  typed: string;
  notice: Notice | null;
  /** The order on the stage; null while an amount is being typed. */
  shown: string | null;
  /** The wallet that is enlarged; null for both side by side. */
  focus: Channel | null;
  sales: Readonly<Record<string, Sale>>;
  /** The newest that is known of each order. */
  orders: Readonly<Record<string, Order>>;
  /** Newest first. */
  recent: readonly string[];
  /** Orders that were paid while nobody was looking at them; they stay in the tray until looked at. */
  unseenPaid: readonly string[];
  /** Order numbers whose cancelling must survive a create that is still under way. */
  unwanted: readonly string[];
  /** What was asked of the wallets for an order, newest last. */
  attempts: Readonly<Record<string, readonly Attempt[]>>;
}

/** One look at a wallet, as the log on the screen shows it. */
export interface Attempt {
  at: string;
  channel: Channel;
  /** True where the wallet gave an answer. */
  answered: boolean;
}

export const INITIAL_STATE: TillState = {
  link: { phase: 'connecting' },
  till: null,
  session: null,
  status: null,
  today: null,
  backlog: null,
  parked: [],
  clockOffsetMs: 0,
  typed: '',
  notice: null,
  shown: null,
  focus: null,
  sales: {},
  orders: {},
  recent: [],
  unseenPaid: [],
  unwanted: [],
  attempts: {},
};
