import { call } from '@orpc/server';
import type { Refund } from '../../contract/refund.ts';
import { SECOND } from '../../ports/clock.ts';
import { count } from './tally.ts';
import type { SimTill } from './till.ts';
import type { World } from './world.ts';

/** What a manager wants given back: they repeat it under its number until the till has said something. */
interface Wish {
  tradeNo: string;
  refundNo: string;
  amountFen: number;
}

const REASON = '少送一份';

/** A manager who gives money back at any moment: all of a payment, a part, several parts, too much, the same again. */
export function createRefunder(world: World, till: SimTill, name: string): void {
  const scenario = world.scenario.refunds;
  if (!scenario) return;
  const chance = world.chance.of(`${till.name}/${name}`);
  const unanswered: Wish[] = [];
  const taken: Wish[] = [];
  let wishes = 0;

  async function send(what: string, wish: Wish): Promise<void> {
    const answer = await till.ask(what, (api, context) =>
      call(api.refunds.create, { ...wish, reason: REASON }, { context }),
    );
    const isKnown = taken.some(({ refundNo }) => refundNo === wish.refundNo);
    if (answer.kind === 'gone') unanswered.push(wish);
    else if (answer.kind === 'ok' && !isKnown) taken.push(wish);
    if (answer.kind !== 'ok') return;
    if (answer.value.refundNo !== wish.refundNo || answer.value.amountFen !== wish.amountFen)
      world.violation('a number is one refund', `${till.name}: ${wish.refundNo}`);
  }

  /** Something of a payment; what is left is what the screen last showed, which may be old. */
  async function giveBack(amounts: (leftFen: number) => readonly number[]): Promise<void> {
    const answer = await till.ask('paid trades', (api, context) =>
      call(api.trades.list, { state: 'paid', limit: 20 }, { context }),
    );
    if (answer.kind !== 'ok') return;
    const open = answer.value.items.filter(({ refundableFen }) => refundableFen > 0);
    if (open.length === 0) return;
    const { tradeNo, refundableFen } = chance.pick(open);
    wishes += 1;
    for (const [part, amountFen] of amounts(refundableFen).entries()) {
      count(world.counts, 'refund', amountFen > refundableFen ? 'too much' : 'wanted');
      const wish = { tradeNo, refundNo: `R_${till.name}_${name}_${wishes}_${part}`, amountFen };
      void send('refund', wish);
      if (chance.happens(0.2)) void send('refund, double click', wish);
    }
  }

  async function underWay(): Promise<readonly Refund[]> {
    const answer = await till.ask('refunds', (api, context) =>
      call(api.refunds.list, { limit: 20 }, { context }),
    );
    if (answer.kind !== 'ok') return [];
    return answer.value.items.filter(({ endedAt }) => endedAt === null);
  }

  async function withdraw(): Promise<void> {
    const all = await underWay();
    const refund = all.find(({ canWithdraw }) => canWithdraw) ?? all[0];
    if (!refund) return;
    const { refundNo } = refund;
    const answer = await till.ask('withdraw', (api, context) =>
      call(api.refunds.withdraw, { refundNo }, { context }),
    );
    count(world.counts, 'refund', `withdraw: ${answer.kind === 'refused' ? answer.code : answer.kind}`);
  }

  const acts = {
    whole: () => giveBack((leftFen) => [leftFen]),
    part: () => giveBack((leftFen) => [chance.int(1, leftFen)]),
    parts: () => giveBack((leftFen) => [1, 2, 3].map(() => chance.int(1, Math.ceil(leftFen / 2)))),
    tooMuch: () => giveBack((leftFen) => [leftFen + 1]),
    again: async () => {
      const wish = unanswered.pop() ?? (taken.length > 0 ? chance.pick(taken) : null);
      if (wish) await send('refund again', wish);
    },
    otherAmount: async () => {
      const wish = taken.at(-1);
      if (!wish) return;
      const { amountFen } = wish;
      const answer = await till.ask('refund otherwise', (api, context) =>
        call(api.refunds.create, { ...wish, amountFen: amountFen + 1, reason: REASON }, { context }),
      );
      if (answer.kind === 'ok') world.violation('a number keeps its terms', `${till.name}: ${wish.refundNo}`);
    },
    withdraw,
    check: async () => {
      const [refund] = await underWay();
      if (refund)
        await till.ask('check refund', (api, context) =>
          call(api.refunds.check, { refundNo: refund.refundNo }, { context }),
        );
    },
  };

  function act(): void {
    const isOver = world.isHealed && unanswered.length === 0;
    if (isOver) return;
    const mayWish = !world.isHealed && wishes < (scenario?.wishes ?? 0);
    const what = world.isHealed
      ? 'again'
      : chance.weighted({
          whole: mayWish ? 2 : 0,
          part: mayWish ? 5 : 0,
          parts: mayWish ? 3 : 0,
          tooMuch: mayWish ? 1 : 0,
          again: 3,
          otherAmount: 0.5,
          withdraw: 1,
          check: 1,
        });
    void acts[what]();
    next();
  }

  function next(): void {
    world.time.after(world.isHealed ? SECOND : chance.int(100, scenario?.pauseMs ?? SECOND), act);
  }

  next();
}
