import { MINUTE, SECOND } from '../../ports/clock.ts';
import { silentLog } from '../../ports/log.ts';
import { createSandbox } from '../../sandbox/sandbox.ts';
import { tellClosings, walletsHttp } from './callbacks.ts';
import { createCashier } from './cashier.ts';
import { CHECKS, undelivered } from './checks.ts';
import { countFaults, countTransitions } from './coverage.ts';
import { createCustomers } from './customer.ts';
import { watchGivenBack } from './given-back.ts';
import { identityOf, type Keys, SANDBOX_ORIGIN, START_MS } from './keys.ts';
import { Dead } from './life.ts';
import { createLockServer } from './lock-server.ts';
import { createManager } from './manager.ts';
import { chanceFrom } from './random.ts';
import { createRefunder } from './refunder.ts';
import { createSimRelay } from './relay.ts';
import { drawScenario } from './scenario.ts';
import { type Counts, count } from './tally.ts';
import { createSimTill, type SimTill } from './till.ts';
import { WorldTime } from './time.ts';
import { newTrace } from './trace.ts';
import { heal, startTrouble } from './trouble.ts';
import type { World } from './world.ts';

/** What came of one seed. */
export interface Outcome {
  seed: number;
  /** Empty: everything held. */
  violations: string[];
  traceHash: string;
  trace: readonly string[];
  simulatedMs: number;
  counts: Counts;
}

/** After the trouble everything must be resolved within this, beyond the life of the codes and of the clocks' error. */
const RESOLVE_MS = 10 * MINUTE;
/** WeChat takes one refund of a trade a minute, and is asked about what it pays out every half an hour at last. */
const GIVE_BACK_MS = 60 * MINUTE;

/** Answers to the making of a trade that refuse nothing for good. */
const NO_REFUSAL = /^(10000|OK)$|SYSTEM_ERROR|limited|LIMITED/;

let current: World | null = null;
process.on('unhandledRejection', onStray);

/** A promise that nobody waits for failed. Of a dead process that is nothing; of a live one it is a bug. */
function onStray(reason: unknown): void {
  if (reason instanceof Dead) return;
  if (!current) throw reason;
  current.violation('no promise fails unheard', describe(reason));
}

/** Lives through the world of one seed and looks at what it left. One at a time per thread. */
export async function live(seed: number, keys: Keys): Promise<Outcome> {
  const chance = chanceFrom(`seed ${seed}`);
  const scenario = drawScenario(chance.of('scenario'));
  const counts: Counts = {};
  const violations: string[] = [];
  const time = new WorldTime(START_MS, (error) => {
    if (!(error instanceof Dead)) violation('no timer throws', describe(error));
  });
  const trace = newTrace(() => time.elapsedMs());
  const violation = (rule: string, text: string) => {
    violations.push(`${rule}: ${text}`);
    trace.say('VIOLATED', `${rule}: ${text}`);
  };
  const refused = new Set<string>();
  const http = scenario.relay
    ? walletsHttp({ time, counts, trace, chance, scenario }, scenario.relay, () => world)
    : undefined;
  const sandbox = await createSandbox({
    clock: time.clock(),
    random: chance.of('sandbox'),
    log: silentLog(),
    publicOrigin: SANDBOX_ORIGIN,
    identity: identityOf(keys, scenario.keys, scenario.relay !== null),
    ...(http && scenario.relay
      ? {
          http,
          notifyScale: scenario.relay.notifyScale,
          onNotified: ({ channel, outcome, fault }) => {
            trace.say(channel, `posts: ${outcome}${fault === null ? '' : `, ${fault}`}`);
            count(counts, 'posted', outcome);
          },
        }
      : {}),
    onExchange({ channel, operation, tradeNo, code, fault }) {
      trace.say(channel, `${operation} ${tradeNo}: ${code}${fault === null ? '' : `, ${fault}`}`);
      givenBack.look({ operation, tradeNo, code, fault });
      const isOpening = operation === 'precreate' || operation === 'native';
      if (isOpening && tradeNo !== null && !NO_REFUSAL.test(code)) refused.add(tradeNo);
      if (isOpening && tradeNo !== null) customers.readAlong(channel, tradeNo);
      const isClosing = channel === 'alipay' && (operation === 'close' || operation === 'cancel');
      if (isClosing && tradeNo !== null && code === '10000') closings?.(tradeNo);
    },
  });
  const givenBack = watchGivenBack(sandbox, violation);
  countTransitions(counts);
  countFaults(sandbox, counts);

  const world: World = {
    seed,
    scenario,
    keys,
    chance,
    time,
    sandbox,
    trace,
    counts,
    shown: new Map(),
    refused,
    decided: new Set(),
    violations,
    locks: createLockServer(time),
    get relay() {
      return relay;
    },
    isHealed: false,
    violation,
    chargeStarted(till, orderNo) {
      for (const shown of world.shown.values()) {
        if (shown.orderNo !== orderNo || shown.till === till) continue;
        const found = sandbox.ledger.findByCode(shown.code);
        if (found && sandbox.ledger.refusalOf(found) === null)
          violation(
            'one till at a time collects an order',
            `${till} charges ${orderNo}, payable at ${shown.till}`,
          );
      }
    },
    showCode(shown) {
      const found = sandbox.ledger.findByCode(shown.code);
      if (found?.trade.tradeNo !== shown.tradeNo || found.trade.channel !== shown.channel)
        violation('a shown code is the wallet’s', `${shown.till}: ${shown.code} for ${shown.tradeNo}`);
      world.shown.set(shown.code, shown);
      customers.sees(shown);
    },
  };
  current = world;
  const relay = scenario.relay ? createSimRelay(world, scenario.relay) : null;
  const closings = http && tellClosings(world, http);
  const tills = Array.from({ length: scenario.tills }, (_, n) => createSimTill(world, `T${n + 1}`));
  const customers = createCustomers(world, {
    onPaid(shown) {
      const state = stateOf(tills, shown.tradeNo);
      if (state === 'closed' || state === 'failed')
        violation('closed means unpayable', `${shown.tradeNo} was paid when it was ${state}`);
    },
    isOpening: (tradeNo) => stateOf(tills, tradeNo) === 'created',
  });

  trace.say('world', JSON.stringify(scenario));
  if (relay) for (const till of tills) await till.enrol(relay);
  await relay?.start();
  startTrouble(world, tills);
  for (const till of tills) {
    till.start();
    createCashier(world, till);
    createManager(world, till);
    for (let n = 1; n <= (scenario.refunds?.managers ?? 0); n++) createRefunder(world, till, `M${n}`);
  }
  await time.pass(scenario.troubleMs);
  heal(world, tills);
  await time.pass(
    scenario.chargeTtlMs +
      scenario.alipayGraceMs +
      2 * (scenario.clock?.mostMs ?? 0) +
      (scenario.relay?.awayMs ?? 0) +
      (scenario.refunds ? GIVE_BACK_MS : RESOLVE_MS),
    isQuiet(world, tills, () => customers.areGone()),
  );
  // Calls that wait for codes have had their time, and windows have read on.
  await time.pass(5 * SECOND);
  // A wallet's post that was still on its way may have come in meanwhile.
  await time.pass(
    RESOLVE_MS,
    isQuiet(world, tills, () => customers.areGone()),
  );
  for (const { rule, complaints } of CHECKS) {
    for (const text of complaints(world, tills)) violation(rule, text);
  }
  await sandbox.stop();
  for (const till of tills) till.db.close();
  current = null;
  count(counts, 'world', 'timers', time.fired);
  return {
    seed,
    violations,
    traceHash: trace.hash(),
    trace: trace.lines,
    simulatedMs: time.elapsedMs(),
    counts,
  };
}

/** Looked at once a simulated second, since a look costs a query. */
function isQuiet(world: World, tills: readonly SimTill[], customersAreGone: () => boolean): () => boolean {
  const unfinished = tills.map((till) =>
    till.db
      .prepare<[], number>(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE kind <> 'give_back' AND state <> 'set_aside')",
      )
      .pluck(),
  );
  let lookedMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (world.time.elapsedMs() - lookedMs < SECOND) return false;
    lookedMs = world.time.elapsedMs();
    return (
      customersAreGone() &&
      tills.every((till) => till.isRunning()) &&
      undelivered(world, tills).length === 0 &&
      unfinished.every((statement) => statement.get() === 0)
    );
  };
}

function stateOf(tills: readonly SimTill[], tradeNo: string): string | undefined {
  for (const till of tills) {
    const state = till.db
      .prepare<[string], string>('SELECT state FROM trades WHERE trade_no = ?')
      .pluck()
      .get(tradeNo);
    if (state !== undefined) return state;
  }
  return undefined;
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.stack ?? error.message}` : String(error);
}
