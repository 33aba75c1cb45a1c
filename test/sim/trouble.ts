import { armShape, type FaultKind, OPERATIONS, VOCABULARY } from '../../sandbox/faults/vocabulary.ts';
import type { Chance } from './random.ts';
import { type RelayScenario, SILENT_FAULTS, WORD_FAULTS } from './scenario.ts';
import { count } from './tally.ts';
import type { SimTill } from './till.ts';
import type { World } from './world.ts';

/** Starts everything that goes wrong in this world; it ends when the world has healed. */
export function startTrouble(world: World, tills: readonly SimTill[]): void {
  const { scenario } = world;
  if (scenario.faults) walletFaults(world, scenario.faults);
  if (scenario.stubborn) {
    const { channel, kind } = scenario.stubborn;
    arm(world, { on: { channel, operation: 'query' }, fault: { kind }, times: 'always' });
  }
  if (scenario.relay) relayTrouble(world, scenario.relay, tills);
  if (scenario.refunds?.faultsEveryMs) refundFaults(world, scenario.refunds.faultsEveryMs);
  for (const till of tills) {
    const chance = world.chance.of(`${till.name}/trouble`);
    if (scenario.network.outageEveryMs !== null)
      outages(world, till, chance.of('outage'), scenario.network.outageEveryMs);
    if (scenario.clock) jumps(world, till, chance.of('clock'), scenario.clock);
    if (scenario.disk) fullDisk(world, till, chance.of('disk'), scenario.disk);
    const ends = chance.of('ends');
    for (let n = 0; n < scenario.restarts; n++)
      world.time.after(ends.int(1_000, scenario.troubleMs), () => till.restart());
    if (scenario.deaths > 0 && ends.happens(0.4))
      world.time.after(ends.int(1_000, scenario.troubleMs), () => till.kill());
  }
}

/** Heals all of it: the wallets, the lines, the disks and the clocks. */
export function heal(world: World, tills: readonly SimTill[]): void {
  world.isHealed = true;
  world.trace.say('world', 'heals');
  world.sandbox.faults.clear();
  if (world.relay) world.relay.disk.isFull = false;
  for (const till of tills) {
    till.line.state = 'up';
    till.line.isHealed = true;
    till.disk.isFull = false;
    till.offsetMs = 0;
  }
}

/** Does `act` again and again, with pauses of at most `everyMs`. */
function everyNowAndThen(world: World, chance: Chance, everyMs: number, act: () => void): void {
  const turn = () => {
    if (world.isHealed) return;
    act();
    world.time.after(chance.int(Math.min(500, everyMs), everyMs), turn);
  };
  world.time.after(chance.int(0, everyMs), turn);
}

function outages(world: World, till: SimTill, chance: Chance, everyMs: number): void {
  everyNowAndThen(world, chance, everyMs, () => {
    if (till.line.state !== 'up') return;
    till.line.state = chance.pick(['refused', 'dark']);
    count(world.counts, 'trouble', `outage: ${till.line.state}`);
    world.trace.say(till.name, `line ${till.line.state}`);
    world.time.after(chance.int(500, world.scenario.network.outageMs), () => {
      till.line.state = 'up';
      world.trace.say(till.name, 'line up');
    });
  });
}

function jumps(
  world: World,
  till: SimTill,
  chance: Chance,
  clock: NonNullable<World['scenario']['clock']>,
): void {
  till.offsetMs = clock.startsOffMs;
  everyNowAndThen(world, chance, clock.everyMs, () => {
    // A clock that is set right is as much of a jump as one that goes wrong.
    const to = chance.happens(0.3) ? 0 : chance.int(-clock.mostMs, clock.mostMs);
    count(world.counts, 'trouble', to < till.offsetMs ? 'clock back' : 'clock forward');
    world.trace.say(till.name, `clock ${to - till.offsetMs} ms`);
    till.offsetMs = to;
  });
}

function fullDisk(
  world: World,
  till: SimTill,
  chance: Chance,
  disk: NonNullable<World['scenario']['disk']>,
): void {
  everyNowAndThen(world, chance, disk.everyMs, () => {
    if (till.disk.isFull) return;
    till.disk.isFull = true;
    count(world.counts, 'trouble', 'disk full');
    world.trace.say(till.name, 'disk full');
    world.time.after(chance.int(100, disk.fullMs), () => {
      till.disk.isFull = false;
    });
  });
}

function relayTrouble(world: World, relay: RelayScenario, tills: readonly SimTill[]): void {
  const chance = world.chance.of('relay/trouble');
  const { troubleMs } = world.scenario;
  if (relay.powerCutMs !== null) world.time.after(relay.powerCutMs, () => world.relay?.kill());
  for (let n = 0; n < relay.restarts; n++)
    world.time.after(chance.int(1_000, troubleMs), () => world.relay?.restart());
  if (relay.awayMs > 0)
    world.time.after(chance.int(1_000, troubleMs), () => chance.pick(tills).switchOff(relay.awayMs));
  const { faultsEveryMs, diskFullMs } = relay;
  if (faultsEveryMs !== null)
    everyNowAndThen(world, chance.of('faults'), faultsEveryMs, () =>
      arm(world, postFault(chance, chance.pick(POST_FAULTS))),
    );
  if (diskFullMs !== null)
    everyNowAndThen(world, chance.of('disk'), 60_000, () => {
      if (!world.relay || world.relay.disk.isFull) return;
      const { disk } = world.relay;
      disk.isFull = true;
      world.time.after(chance.int(100, diskFullMs), () => {
        disk.isFull = false;
      });
    });
}

const POST_FAULTS = (Object.keys(VOCABULARY) as FaultKind[]).filter(
  (kind) => VOCABULARY[kind].notify !== undefined,
);

/** An order for a fault of what a wallet posts by itself. */
function postFault(chance: Chance, kind: FaultKind): object {
  const channel = chance.pick(VOCABULARY[kind].notify ?? []);
  const more =
    kind === 'late'
      ? { ms: chance.pick([2_000, 40_000, 400_000]) }
      : (detail(chance, kind, channel, 'notify') ?? {});
  return { on: { channel, operation: 'notify' }, fault: { kind, ...more }, times: chance.int(1, 3) };
}

function arm(world: World, order: object): void {
  if (world.sandbox.faults.list().length > 20) return;
  world.trace.say('fault', JSON.stringify(order));
  world.sandbox.faults.arm(armShape.parse(order));
}

/** Those of what a till asks. */
const ALL_FAULTS = (Object.keys(VOCABULARY) as FaultKind[]).filter(
  (kind) => VOCABULARY[kind].operations.length > 0,
);

function walletFaults(world: World, faults: NonNullable<World['scenario']['faults']>): void {
  const chance = world.chance.of('faults');
  const kinds = faults.kinds === 'all' ? ALL_FAULTS : faults.kinds === 'silent' ? SILENT_FAULTS : WORD_FAULTS;
  everyNowAndThen(world, chance, faults.everyMs, () => {
    const order = armOrder(chance, chance.pick(kinds));
    if (order) arm(world, order);
  });
}

/** So many wait for a refund at most: they leave room for the others. */
const REFUND_FAULTS_MAX = 3;
const REFUND_FAULTS = ALL_FAULTS.filter((kind) => VOCABULARY[kind].operations.includes('refund'));

/** Faults of what is asked about refunds alone, and ends of them that the wallet's customers have not deserved. */
function refundFaults(world: World, everyMs: number): void {
  const chance = world.chance.of('refund faults');
  everyNowAndThen(world, chance, everyMs, () => {
    const armed = world.sandbox.faults.list() as { on: { operation: string } }[];
    if (armed.filter(({ on }) => on.operation.startsWith('refund')).length > REFUND_FAULTS_MAX) return;
    const kind = chance.pick([chance.pick(REFUND_FAULTS), 'refuse', 'refund_ends'] as const);
    const channel = chance.pick(VOCABULARY[kind].on);
    const operation = kind === 'refund_ends' ? 'refund' : chance.pick(['refund', 'refund_query'] as const);
    const more =
      kind === 'refund_ends'
        ? { as: chance.pick(['CLOSED', 'ABNORMAL', 'SUCCESS']), afterMs: chance.pick([0, 3_000, 90_000]) }
        : detail(chance, kind, channel, operation);
    if (more) arm(world, { on: { channel, operation }, fault: { kind, ...more }, times: chance.int(1, 3) });
  });
}

/** One order for the sandbox's faults. Null where the kind does not go with what was drawn. */
function armOrder(chance: Chance, kind: FaultKind): object | null {
  const { on, operations } = VOCABULARY[kind];
  const channel = chance.pick(on);
  const operation = chance.pick(
    operations.filter((name) => (OPERATIONS[channel] as readonly string[]).includes(name)),
  );
  const more = detail(chance, kind, channel, operation);
  return more && { on: { channel, operation }, fault: { kind, ...more }, times: chance.int(1, 4) };
}

/**
 * A wallet may be silent, wrong about the merchant or speak in riddles, but what it says of a trade's fate is
 * true: refusals and words that would be lies about it are left out.
 */
function detail(
  chance: Chance,
  kind: FaultKind,
  channel: 'alipay' | 'wechat',
  operation: string,
): object | null {
  const when = chance.pick(['before', 'after'] as const);
  switch (kind) {
    case 'delay':
      return { ms: chance.pick([200, 3_000, 12_000, 45_000]), when };
    case 'http_status':
      return { status: chance.pick([401, 403, 404, 429, 500, 502, 503]), when };
    case 'html':
    case 'system_error':
      return { when };
    case 'status_word':
      return { word: channel === 'wechat' ? chance.pick(['SOMETHING_NEW', 'PAYERROR']) : 'SOMETHING_NEW' };
    case 'clock_skew':
      // Ahead of the truth together with the till's own clock, it would be a lie that nobody could see through.
      return { ms: chance.int(-900_000, 0) };
    case 'refuse':
      return { code: chance.pick(REFUSALS[`${channel} ${operation}`] ?? ['SOMETHING_NEW']) };
    case 'refund_ends':
      // In the worlds where people give back, and settle what a wallet cannot hand over: `refundFaults`.
      return null;
    default:
      return {};
  }
}

const REFUSALS: Record<string, readonly string[]> = {
  'alipay precreate': [
    'ACQ.TOTAL_FEE_EXCEED',
    'ACQ.EXIST_FORBIDDEN_WORD',
    'ACQ.TRADE_HAS_SUCCESS',
    'ACQ.NEW',
  ],
  'alipay query': ['ACQ.SYSTEM_ERROR', 'ACQ.NEW', 'isv.invalid-signature', 'isv.invalid-timestamp'],
  'alipay close': ['ACQ.TRADE_STATUS_ERROR', 'ACQ.NEW', 'ACQ.TRADE_HAS_CLOSE'],
  'alipay cancel': ['ACQ.SELLER_BALANCE_NOT_ENOUGH', 'ACQ.CANCEL_NOT_ALLOWED', 'ACQ.NEW'],
  // True of what a shop has, or may be asked about: the same number later, or for good.
  'alipay refund': [
    'ACQ.SELLER_BALANCE_NOT_ENOUGH',
    'ACQ.TRADE_NOT_ALLOW_REFUND',
    'ACQ.SYSTEM_ERROR',
    'ACQ.NEW',
  ],
  'alipay refund_query': ['ACQ.SYSTEM_ERROR', 'ACQ.NEW'],
  'wechat refund': ['NOT_ENOUGH', 'USER_ACCOUNT_ABNORMAL', 'SYSTEM_ERROR', 'SOMETHING_NEW'],
  'wechat refund_query': ['SYSTEM_ERROR', 'SOMETHING_NEW'],
  'wechat native': ['NO_AUTH', 'RULE_LIMIT', 'INVALID_REQUEST', 'ORDER_PAID', 'SOMETHING_NEW'],
  'wechat query': ['SYSTEM_ERROR', 'SOMETHING_NEW', 'SIGN_ERROR', 'NO_AUTH'],
  'wechat close': ['USER_PAYING', 'ORDER_PAID', 'ORDER_CLOSED', 'TRADE_ERROR', 'SOMETHING_NEW'],
};
