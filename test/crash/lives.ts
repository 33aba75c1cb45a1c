import type { Charge } from '../../contract/order.ts';
import { MINUTE } from '../../ports/clock.ts';
import { leftFen, type Sale, type Wallet, type World } from './world.ts';

const BOTH = ['alipay', 'wechat'] as const;

/** A life of an order, told once; whatever dies on the way comes back, and the life goes on. */
export interface Life {
  name: string;
  /** What happens before the fault points count: the charge, whose points are the first life's, or less. */
  before(world: World, sale: Sale, wallet: Wallet): Promise<Charge | null>;
  /** The fault points are those of the next start. */
  atStart?: boolean;
  live(world: World, sale: Sale, wallet: Wallet, charge: Charge | null): Promise<void>;
  /** Absent: both. */
  wallets?: readonly Wallet[];
  /** What must be true when it was not disturbed, so that a life is the one it is named after. */
  expected: { paid: number; surplus: number; late: number; back: number };
}

export const LIVES: readonly Life[] = [
  {
    name: 'an order sent ahead is charged, one code is paid, the other is closed',
    before: async () => null,
    async live(world, sale, wallet) {
      await world.sendAhead(sale);
      const code = codeOf(await world.charge(sale, BOTH), wallet);
      await world.scan(code);
      await world.look();
      await world.pay(code);
      await world.look();
      await world.finish();
    },
    expected: { paid: 1, surplus: 0, late: 0, back: 0 },
  },
  {
    name: 'the order is cancelled',
    async before(world, sale, wallet) {
      const charge = await world.charge(sale, [wallet]);
      await world.scan(codeOf(charge, wallet));
      return charge;
    },
    async live(world, sale) {
      await world.cancel(sale);
      await world.finish();
    },
    expected: { paid: 0, surplus: 0, late: 0, back: 0 },
  },
  {
    name: 'nobody pays until the code ends',
    before: async (world, sale, wallet) => await world.charge(sale, [wallet]),
    async live(world) {
      await world.finish();
    },
    expected: { paid: 0, surplus: 0, late: 0, back: 0 },
  },
  {
    name: 'the code is paid after the cancel',
    async before(world, sale, wallet) {
      const charge = await world.charge(sale, [wallet]);
      await world.scan(codeOf(charge, wallet));
      // The wallet takes no close until the customer has paid.
      await world.arm({
        on: { channel: wallet, operation: 'close' },
        fault: { kind: 'system_error' },
        times: 'always',
      });
      return charge;
    },
    async live(world, sale, wallet, charge) {
      await world.cancel(sale);
      await world.quiet();
      await world.pay(codeOf(charge, wallet));
      await world.disarm();
      await world.finish();
    },
    expected: { paid: 1, surplus: 0, late: 1, back: 1 },
  },
  {
    name: 'both codes are paid',
    async before(world, sale, wallet) {
      const charge = await world.charge(sale, BOTH);
      await world.pay(codeOf(charge, wallet));
      await world.pay(codeOf(charge, other(wallet)));
      return charge;
    },
    async live(world) {
      await world.look();
      await world.finish();
    },
    expected: { paid: 2, surplus: 1, late: 1, back: 1 },
  },
  {
    name: 'a payment is given back in parts: one is withdrawn, one does not arrive at first',
    async before(world, sale, wallet) {
      const charge = await world.charge(sale, [wallet]);
      await world.pay(codeOf(charge, wallet));
      await world.look();
      return charge;
    },
    async live(world, sale, wallet) {
      await world.refund(sale, 'R1', 400);
      await world.quiet();
      await world.arm({ on: { channel: wallet, operation: 'refund' }, fault: { kind: 'reset_before' } });
      // Behind the first one, and not sent yet, unless the till was dead for so long.
      await world.refund(sale, 'R2', 100);
      await world.withdraw(sale, 'R2');
      await world.refund(sale, 'R3', leftFen(sale));
      if (await world.refund(sale, 'R4', 1)) throw new Error('More was taken than was paid.');
      await world.finish();
      await world.disarm();
    },
    expected: { paid: 1, surplus: 0, late: 0, back: 2 },
  },
  {
    name: 'the till starts with a paid code that it does not know of',
    async before(world, sale, wallet) {
      const charge = await world.charge(sale, [wallet]);
      await world.pay(codeOf(charge, wallet));
      await world.kill();
      world.clock.moveTo(world.clock.nowMs() + MINUTE);
      return charge;
    },
    atStart: true,
    async live(world) {
      await world.end();
      await world.finish();
    },
    expected: { paid: 1, surplus: 0, late: 0, back: 0 },
  },
  {
    name: 'the till starts for the first time',
    async before(world) {
      await world.onNewFolder();
      return null;
    },
    atStart: true,
    wallets: ['alipay'],
    async live(world, sale, wallet) {
      await world.end();
      await world.pay(codeOf(await world.charge(sale, [wallet]), wallet));
      await world.look();
      await world.finish();
    },
    expected: { paid: 1, surplus: 0, late: 0, back: 0 },
  },
];

/** The wallets that a life is told for. */
export function walletsOf(life: Life): readonly Wallet[] {
  return life.wallets ?? BOTH;
}

function other(wallet: Wallet): Wallet {
  return wallet === 'alipay' ? 'wechat' : 'alipay';
}

/** Empty when there is none: such a code can neither be scanned nor paid. */
export function codeOf(charge: Charge | null, wallet: Wallet): string {
  return charge?.trades.find(({ channel }) => channel === wallet)?.codeUrl ?? 'none';
}
