import { call } from '@orpc/server';
import type { Charge } from '../../contract/order.ts';
import { type Chance, textHash } from './random.ts';
import type { SimTill } from './till.ts';
import type { World } from './world.ts';

interface Sale {
  orderNo: string | undefined;
  amountFen: number;
  subject: string;
  chargeId: string | undefined;
}

const SUBJECTS = ['拿铁', 'Tea & cake', '早餐 a=b/c', '外卖 8831'];

/** Somebody at a till who clicks at any moment, without waiting for what the last click brought. */
export function createCashier(world: World, till: SimTill): void {
  const chance = world.chance.of(`${till.name}/cashier`);
  const sales: Sale[] = [];
  let made = 0;

  /** Later clicks are about recent sales more often. */
  function someSale(): Sale | undefined {
    if (sales.length === 0) return undefined;
    return chance.happens(0.7) ? sales.at(-1) : chance.pick(sales);
  }

  function charge(what: string, sale: Sale, more: { channels?: ('alipay' | 'wechat')[] } = {}): void {
    const input = {
      ...(sale.orderNo === undefined ? {} : { orderNo: sale.orderNo }),
      amountFen: sale.amountFen,
      subject: sale.subject,
      ...more,
    };
    void till
      .ask(what, (api, context) => call(api.charges.create, input, { context }))
      .then((answer) => {
        if (answer.kind === 'ok') learn(sale, answer.value);
      });
  }

  function learn(sale: Sale, charged: Charge): void {
    sale.orderNo = charged.orderNo;
    sale.chargeId = charged.chargeId;
  }

  function newSale(): void {
    made += 1;
    const own: Sale = {
      orderNo: chance.happens(0.3) ? undefined : `${till.name}-${made}`,
      amountFen: chance.pick([1, 1_250, 34_948, chance.int(1, 1_000_000)]),
      subject: chance.pick(SUBJECTS),
      chargeId: undefined,
    };
    const sale = world.scenario.sharesOrders ? sharedSale(`S-${made}`) : own;
    sales.push(sale);
    const only = chance.happens(0.15) ? { channels: [chance.pick(['alipay', 'wechat'] as const)] } : {};
    charge('charge', sale, only);
    // A double click of an order without a number would be two sales, and is: the screen sends one.
    if (sale.orderNo !== undefined && chance.happens(0.2)) charge('double click', sale, only);
    if (sale.orderNo !== undefined && chance.happens(0.04))
      for (let n = 0; n < 10; n++) charge('storm', sale, only);
  }

  /** The same order at every till, as a list on paper would give it. */
  function sharedSale(orderNo: string): Sale {
    return { orderNo, amountFen: 1 + (textHash(orderNo) % 100_000), subject: '拿铁', chargeId: undefined };
  }

  /** The two numbers of a till's own sale are known only once it has answered. */
  function withNumber(sale: Sale | undefined, act: (orderNo: string) => void): void {
    if (sale?.orderNo !== undefined) act(sale.orderNo);
  }

  function withCharge(sale: Sale | undefined, act: (chargeId: string) => void): void {
    if (sale?.chargeId !== undefined) act(sale.chargeId);
  }

  const acts = {
    sale: newSale,
    again: () => withNumber(someSale(), () => charge('charge again', someSale() ?? madeUp())),
    cancelCharge: () =>
      withCharge(someSale(), (chargeId) => {
        void till.ask('cancel charge', (api, context) => call(api.charges.cancel, { chargeId }, { context }));
      }),
    cancelOrder: () =>
      withNumber(someSale(), (orderNo) => {
        void till.ask('cancel order', (api, context) => call(api.orders.cancel, { orderNo }, { context }));
      }),
    check: () =>
      withCharge(someSale(), (chargeId) => {
        void till.ask('check', (api, context) => call(api.charges.check, { chargeId }, { context }));
      }),
    live: () => void till.ask('live', (api, context) => call(api.charges.live, undefined, { context })),
    look: () =>
      withNumber(someSale(), (orderNo) => {
        void till.ask('look', (api, context) => call(api.orders.get, { orderNo }, { context }));
      }),
    otherAmount: () =>
      withNumber(someSale(), () => {
        const sale = someSale();
        if (sale?.orderNo !== undefined)
          charge('charge otherwise', { ...sale, amountFen: sale.amountFen + 1 });
      }),
  };

  function madeUp(): Sale {
    return { orderNo: undefined, amountFen: 100, subject: '茶', chargeId: undefined };
  }

  function click(): void {
    if (world.isHealed) return;
    const isSelling = made < world.scenario.sales + (world.scenario.refunds?.moreSales ?? 0);
    const act = chance.weighted({
      sale: isSelling ? 6 : 0,
      again: 3,
      cancelCharge: 1.5,
      cancelOrder: 1,
      check: 2,
      live: 1,
      look: 1,
      otherAmount: 0.3,
    });
    acts[act]();
    next(chance);
  }

  function next(of: Chance): void {
    world.time.after(of.int(200, world.scenario.cashierPauseMs), click);
  }

  next(chance);
  if (world.scenario.integrator) sendAhead();

  /** A shop's system that sends orders ahead, repeats itself, and now and then charges by itself. */
  function sendAhead(): void {
    const integrator = world.chance.of(`${till.name}/integrator`);
    let sent = 0;
    const send = () => {
      if (world.isHealed || sent >= 3) return;
      sent += 1;
      const sale: Sale = {
        orderNo: `${till.name}-AHEAD-${sent}`,
        amountFen: integrator.int(1, 500_000),
        subject: '外卖',
        chargeId: undefined,
      };
      const input = { orderNo: `${sale.orderNo}`, amountFen: sale.amountFen, subject: sale.subject };
      const create = (what: string) =>
        void till.askAsIntegrator(what, (api, context) => call(api.orders.create, input, { context }));
      create('send ahead');
      if (integrator.happens(0.3)) create('send ahead again');
      sales.push(sale);
      if (integrator.happens(0.3)) {
        void till.askAsIntegrator('integrator charges', (api, context) =>
          call(api.charges.create, { orderNo: input.orderNo }, { context }),
        );
      }
      world.time.after(integrator.int(2_000, 90_000), send);
    };
    world.time.after(integrator.int(0, 20_000), send);
  }
}
