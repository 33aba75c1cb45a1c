import { SECOND } from '../../ports/clock.ts';
import { count } from './tally.ts';
import type { ShownCode, World } from './world.ts';

type Act = 'scan' | 'type' | 'turn_back' | 'pay';

/**
 * The customers: one for each charge, from the moment at which its first code can be seen. What they will do
 * is drawn then; when it is time they use whatever code of that wallet they have a picture of.
 */
export interface Customers {
  sees(shown: ShownCode): void;
  /** A wallet has answered the making of a trade: somebody may pay its code before its till has it. */
  readAlong(channel: ShownCode['channel'], tradeNo: string): void;
  /** Nobody is about to do anything any more. */
  areGone(): boolean;
}

export function createCustomers(
  world: World,
  tills: {
    onPaid(shown: ShownCode): void;
    /** Whether the till of a trade has no code for it yet. */
    isOpening(tradeNo: string): boolean;
  },
): Customers {
  const { time, trace, scenario, counts, sandbox } = world;
  const chance = world.chance.of('customers');
  /** The latest code of each wallet that a charge has shown. */
  const pictures = new Map<string, Map<string, ShownCode>>();
  let plans = 0;

  function later(delayMs: number, chargeId: string, channel: ShownCode['channel'], act: Act): void {
    plans += 1;
    time.after(delayMs, () => {
      plans -= 1;
      const shown = pictures.get(chargeId)?.get(channel);
      if (shown) does(shown, act);
    });
  }

  function does(shown: ShownCode, act: Act): void {
    const { ledger } = sandbox;
    const outcome =
      act === 'scan'
        ? ledger.scan(shown.code)
        : act === 'pay'
          ? ledger.pay(shown.code)
          : ledger.typing(shown.code, act);
    const word = outcome.ok ? 'ok' : outcome.why;
    trace.say('customer', `${act} ${shown.channel} ${shown.tradeNo}: ${word}`);
    count(counts, 'customer', `${act}: ${word}`);
    if (act === 'pay' && outcome.ok) tills.onPaid(shown);
  }

  function whenToPay(of: ReturnType<typeof chance.of>): number {
    const { chargeTtlMs, alipayGraceMs, customer } = scenario;
    if (!of.happens(customer.late)) return of.int(1_000, Math.min(25_000, chargeTtlMs));
    if (of.happens(0.5)) return Math.max(0, chargeTtlMs + of.int(-5_000, 5_000));
    return of.int(0, chargeTtlMs + alipayGraceMs + 60_000);
  }

  function plan(first: ShownCode): void {
    const { customer } = scenario;
    const of = chance.of(first.chargeId);
    const { chargeId } = first;
    const wallet = of.pick(['alipay', 'wechat'] as const);
    const payMs = whenToPay(of);
    const turnsBack = of.happens(customer.turnsBack);
    if (turnsBack) {
      const typesMs = of.int(500, payMs + 500);
      later(typesMs, chargeId, wallet, 'type');
      later(typesMs + of.int(500, 30 * SECOND), chargeId, wallet, 'turn_back');
    }
    if (of.happens(customer.walksAway)) {
      if (of.happens(0.5)) later(of.int(500, payMs + 500), chargeId, wallet, 'scan');
      return;
    }
    if (of.happens(0.3)) later(of.int(0, payMs), chargeId, wallet, 'scan');
    later(payMs, chargeId, wallet, 'pay');
    if (of.happens(0.1)) later(payMs + of.int(0, 5_000), chargeId, wallet, 'pay');
    if (of.happens(customer.paysBoth))
      later(whenToPay(of), chargeId, wallet === 'alipay' ? 'wechat' : 'alipay', 'pay');
  }

  return {
    sees(shown) {
      const known = pictures.get(shown.chargeId);
      if (known) known.set(shown.channel, shown);
      else {
        pictures.set(shown.chargeId, new Map([[shown.channel, shown]]));
        plan(shown);
      }
    },
    readAlong(channel, tradeNo) {
      const of = chance.of(`reads along ${tradeNo}`);
      if (!scenario.relay || !of.happens(scenario.relay.readsAlong)) return;
      time.after(of.int(0, 2_000), () => {
        const code = sandbox.ledger.find(channel, tradeNo)?.codes.at(-1)?.code;
        if (code === undefined || !tills.isOpening(tradeNo)) return;
        const isTyping = of.happens(0.4);
        const outcome = isTyping ? sandbox.ledger.typing(code, 'type') : sandbox.ledger.pay(code);
        const what = `${isTyping ? 'types at' : 'pays'} what was not shown`;
        const word = outcome.ok ? 'ok' : outcome.why;
        trace.say('customer', `${what} ${channel} ${tradeNo}: ${word}`);
        count(counts, 'customer', `${what}: ${word}`);
      });
    },
    areGone: () => plans === 0,
  };
}
