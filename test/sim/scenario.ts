import type { FaultKind } from '../../sandbox/faults/vocabulary.ts';
import type { KeyKind } from './keys.ts';
import type { Chance } from './random.ts';

/** What kind of day a seed gives: which troubles there are at all, and how much of each. */
export interface Scenario {
  tills: number;
  /** The tills collect the same orders, each with a database of its own and the locks on one server. */
  sharesOrders: boolean;
  keys: KeyKind;
  /** How long there is trouble, ms; then everything heals. */
  troubleMs: number;
  chargeTtlMs: number;
  alipayGraceMs: number;
  refundAutomaticMaxFen: number;
  /** A cashier's pause between two clicks, at most, ms. */
  cashierPauseMs: number;
  /** New sales per till, at most. */
  sales: number;
  integrator: boolean;
  /** How often the manager sets a parked entry aside instead of letting the machine try again. */
  setsAside: number;
  /** Whether a window follows each till's events. */
  window: boolean;
  network: {
    /** One way, at most, on a good line. */
    latencyMs: number;
    /** A message takes up to `slowMs`. */
    slow: number;
    slowMs: number;
    /** Lost on the way there, on the way back; delivered twice. */
    lostThere: number;
    lostBack: number;
    twice: number;
    /** Pause between outages, at most; null: none. */
    outageEveryMs: number | null;
    outageMs: number;
  };
  /** Wallet faults: pause between two, at most; null: none. */
  faults: { everyMs: number; kinds: 'all' | 'silent' | 'words' } | null;
  /** Jumps of a till's wall clock. */
  clock: { everyMs: number; mostMs: number; startsOffMs: number } | null;
  /** Deaths of each till. */
  deaths: number;
  /** Orderly restarts of each till. */
  restarts: number;
  disk: { everyMs: number; fullMs: number } | null;
  customer: { paysBoth: number; walksAway: number; turnsBack: number; late: number };
  /** A wallet answers every query so for long; then even the machine gives up. */
  stubborn: { kind: FaultKind; channel: 'alipay' | 'wechat'; forMs: number } | null;
  /** Null: the wallets cannot reach the tills. */
  relay: RelayScenario | null;
  /** Null: nobody at the tills gives anything back. */
  refunds: RefundScenario | null;
}

/** A day on which people give money back. */
interface RefundScenario {
  /** A manager's pause between two acts, at most, ms. */
  pauseMs: number;
  /** Acts of a manager that begin a refund, at most. */
  wishes: number;
  /** New sales per till beyond the usual. */
  moreSales: number;
  /** Managers at each till. */
  managers: number;
  /** Faults of what is asked about refunds, besides the others: pause between two, at most; null: none. */
  faultsEveryMs: number | null;
}

/** A day with a relay between wallets and tills. */
export interface RelayScenario {
  isLying: boolean;
  /** Its power cut, if it has one, is the end of it. */
  isGoneForGood: boolean;
  deaths: number;
  restarts: number;
  /** When its power is cut; null: never. */
  powerCutMs: number | null;
  clockOffMs: number;
  /** Of the wallets' posts and of the answers to them, each way. */
  lost: number;
  twice: number;
  /** Of each frame: that the connection is half-open from then on. */
  halfOpen: number;
  /** How long one till is switched off; 0: not at all. */
  awayMs: number;
  /** How many times faster than the wallets' the posts are repeated. */
  notifyScale: number;
  /** Faults of the wallets' posts: pause between two, at most; null: none. */
  faultsEveryMs: number | null;
  diskFullMs: number | null;
  /** Whether it has the wallets' public keys, and drops what is forged. */
  checksEarly: boolean;
  /** Whether Alipay tells of each trade that it closes, as its products' settings may have it. */
  tellsClosings: boolean;
  /** How often somebody who reads along pays a code before its till has it. */
  readsAlong: number;
}

/** A single trouble alone finds what many at once hide, so each is there in a part of the worlds only. */
export function drawScenario(chance: Chance): Scenario {
  const maybe = <T>(probability: number, make: () => T): T | null =>
    chance.happens(probability) ? make() : null;
  const isBadLine = chance.happens(0.6);
  const tills = chance.weighted({ '1': 75, '2': 18, '3': 7 }) === '1' ? 1 : chance.int(2, 3);
  const stubborn = drawStubborn(chance.of('stubborn'));
  const sharesOrders = tills > 1 && chance.of('sharing').happens(0.7);
  return {
    tills,
    sharesOrders,
    keys: chance.happens(0.04) ? 'full' : 'fast',
    troubleMs: chance.int(20, 200) * 1_000 + (stubborn?.forMs ?? 0),
    chargeTtlMs: chance.pick([5, 15, 30, 30, 60, 120]) * 1_000,
    alipayGraceMs: chance.pick([5, 30, 30, 90]) * 1_000,
    refundAutomaticMaxFen: chance.pick([0, 2_000, 10_000_000_000]),
    cashierPauseMs: chance.pick([2_500, 10_000, 30_000]),
    sales: chance.int(1, 3),
    integrator: chance.happens(0.4),
    setsAside: chance.pick([0, 0, 0.3]),
    window: chance.happens(0.6),
    network: {
      latencyMs: chance.pick([1, 30, 200]),
      slow: isBadLine ? chance.pick([0, 0.02, 0.1]) : 0,
      slowMs: chance.pick([3_000, 12_000, 40_000]),
      lostThere: isBadLine ? chance.pick([0, 0.02, 0.15]) : 0,
      lostBack: isBadLine ? chance.pick([0, 0.02, 0.15]) : 0,
      twice: isBadLine ? chance.pick([0, 0.05]) : 0,
      outageEveryMs: chance.pick([null, null, 60_000, 150_000]),
      outageMs: chance.pick([5_000, 40_000, 180_000]),
    },
    faults: maybe(0.7, () => ({
      everyMs: chance.pick([3_000, 10_000, 30_000]),
      kinds: chance.pick(['all', 'all', 'silent', 'words'] as const),
    })),
    clock: maybe(0.35, () => ({
      everyMs: chance.pick([20_000, 90_000]),
      mostMs: chance.pick([2_000, 60_000, 600_000, 1_200_000]),
      startsOffMs: chance.happens(0.5) ? chance.int(-600_000, 600_000) : 0,
    })),
    deaths: chance.pick([0, 0, 1, 2, 5]),
    restarts: chance.pick([0, 0, 0, 1, 2]),
    disk: maybe(0.12, () => ({ everyMs: 60_000, fullMs: chance.pick([1_000, 20_000]) })),
    customer: {
      paysBoth: chance.pick([0.05, 0.4]),
      walksAway: chance.pick([0.1, 0.5]),
      turnsBack: chance.pick([0.1, 0.4]),
      late: chance.pick([0.1, 0.5]),
    },
    stubborn,
    relay: drawRelay(chance.of('relay day')),
    refunds: drawRefunds(chance.of('refund day')),
  };
}

/** Of chance of its own, too. */
function drawRefunds(chance: Chance): RefundScenario | null {
  if (!chance.happens(0.5)) return null;
  return {
    pauseMs: chance.pick([1_000, 4_000, 15_000]),
    wishes: chance.int(3, 15),
    moreSales: chance.int(0, 4),
    managers: chance.int(1, 2),
    faultsEveryMs: chance.pick([null, 3_000, 10_000]),
  };
}

function drawStubborn(chance: Chance): Scenario['stubborn'] {
  if (!chance.happens(0.06)) return null;
  const channel = chance.pick(['alipay', 'wechat'] as const);
  const kinds: readonly FaultKind[] = [
    'wrong_amount',
    'wrong_signature',
    'missing_signature',
    'wrong_trade_no',
  ];
  return { kind: chance.pick(kinds), channel, forMs: chance.int(12, 30) * 60_000 };
}

/** Of chance of its own: what is drawn here shifts nothing in the worlds without a relay. */
function drawRelay(chance: Chance): RelayScenario | null {
  if (!chance.happens(0.4)) return null;
  return {
    isLying: chance.happens(0.2),
    isGoneForGood: chance.happens(0.15),
    deaths: chance.pick([0, 1, 3]),
    restarts: chance.pick([0, 0, 1]),
    powerCutMs: chance.happens(0.3) ? chance.int(1_000, 100_000) : null,
    clockOffMs: chance.happens(0.2) ? chance.int(-900_000, 900_000) : 0,
    lost: chance.pick([0, 0.1, 0.4]),
    twice: chance.pick([0, 0.2]),
    halfOpen: chance.pick([0, 0.005, 0.03]),
    awayMs: chance.pick([0, 0, 60_000, 420_000]),
    notifyScale: chance.pick([1, 1, 20]),
    faultsEveryMs: chance.pick([null, 5_000, 20_000]),
    diskFullMs: chance.happens(0.1) ? chance.pick([1_000, 20_000]) : null,
    readsAlong: chance.pick([0, 0, 0.4]),
    checksEarly: chance.happens(0.3),
    tellsClosings: chance.happens(0.5),
  };
}

/** Faults after which nothing is known, faults in the wallet's own words, and the rest. */
export const SILENT_FAULTS: readonly FaultKind[] = [
  'drop_before',
  'drop_after',
  'reset_before',
  'reset_after',
  'http_status',
  'half_body',
  'html',
];
export const WORD_FAULTS: readonly FaultKind[] = [
  'system_error',
  'throttled',
  'retry_flag',
  'status_word',
  'refuse',
  'wrong_amount',
  'wrong_trade_no',
];
