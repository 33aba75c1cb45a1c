import type { LedgerTrade } from '../../sandbox/ledger/trade.ts';
import type { SimTill } from './till.ts';
import type { World } from './world.ts';

/** One thing that must hold once everything has healed. Gives what is wrong, a line each. */
export interface Check {
  rule: string;
  complaints(world: World, tills: readonly SimTill[]): string[];
}

interface TradeRow {
  trade_no: string;
  order_no: string;
  charge_id: string;
  channel: string;
  state: string;
  amount_fen: number;
  provider_trade_no: string | null;
  surplus: number;
  set_aside_at_ms: number | null;
  unknown_asking: string | null;
}

interface OutboxRow {
  entry_id: number;
  kind: string;
  state: string;
  due_at_ms: number;
  lease_until_ms: number | null;
  last_outcome: string | null;
  attempts: number;
}

interface OrderRow {
  order_no: string;
  state: string;
}

/** All that is looked at after the trouble. A new promise of the till is a further entry. */
export const CHECKS: readonly Check[] = [
  {
    rule: 'every payment is known',
    complaints(world, tills) {
      const known = new Map(tills.flatMap(tradesOf).map((row) => [row.trade_no, row]));
      return ledgerTrades(world)
        .filter((held) => held.paidAtMs !== null)
        .flatMap((held) => {
          const row = known.get(held.tradeNo);
          // A person ended the asking: only a notification or a bill can tell of it now.
          if (row?.state !== 'paid' && row?.set_aside_at_ms != null) return [];
          if (row?.state !== 'paid')
            return [`${held.tradeNo} is paid at ${held.channel}, here ${row?.state}`];
          return row.amount_fen === held.amountFen && row.provider_trade_no === held.providerTradeNo
            ? []
            : [`${held.tradeNo}: ${held.amountFen} fen, ${held.providerTradeNo} at ${held.channel}`];
        });
    },
  },
  {
    rule: 'what a wallet saw acknowledged is taken in, or parked with a reason',
    complaints: (world, tills) => undelivered(world, tills),
  },
  {
    rule: 'no payment is invented',
    complaints(world, tills) {
      const paid = new Set(
        ledgerTrades(world)
          .filter((held) => held.paidAtMs !== null)
          .map((held) => held.tradeNo),
      );
      return tills
        .flatMap(tradesOf)
        .filter((row) => row.state === 'paid' && !paid.has(row.trade_no))
        .map((row) => row.trade_no);
    },
  },
  {
    rule: 'nothing goes back unasked, and what was asked goes back once',
    complaints(world, tills) {
      const asked = new Map(tills.flatMap(refundsOf).map((row) => [row.refund_no, row]));
      const held = world.sandbox.ledger.snapshot().refunds;
      const unasked = held
        .filter((refund) => asked.get(refund.refundNo)?.amount_fen !== refund.amountFen)
        .map((refund) => `${refund.tradeNo}: ${refund.amountFen} fen`);
      const given = new Set(
        held.filter(({ status }) => status === 'SUCCESS').map(({ refundNo }) => refundNo),
      );
      const differing = [...asked.values()]
        .filter((row) => row.set_aside_at_ms === null)
        .filter((row) => (row.state === 'succeeded') !== given.has(row.refund_no))
        .map(
          (row) => `${row.refund_no} is ${row.state}, at its wallet given back: ${given.has(row.refund_no)}`,
        );
      return [...unasked, ...differing];
    },
  },
  {
    rule: 'every refund is where the wallet has it',
    complaints: (world, tills) =>
      tills.flatMap(refundsOf).flatMap((row) => {
        if (row.set_aside_at_ms !== null) return [];
        const [held] = world.sandbox.ledger.refundsNamed(row.refund_no);
        const may = ENDS[held?.status ?? 'absent'] ?? [];
        return may.includes(row.state)
          ? []
          : [`${row.refund_no} is ${row.state}, at its wallet ${held?.status ?? 'unknown'}`];
      }),
  },
  {
    rule: 'everything is resolved',
    complaints(world, tills) {
      return tills.flatMap((till) => [
        ...tradesOf(till)
          .filter((row) => isUnresolved(row) && row.set_aside_at_ms === null)
          .map((row) => {
            const held = world.sandbox.ledger.find(row.channel as 'alipay' | 'wechat', row.trade_no);
            return `${row.trade_no} is ${row.state}; ${row.channel}: ${held?.state}`;
          }),
        ...rows<OutboxRow>(
          till,
          "SELECT * FROM outbox WHERE kind <> 'give_back' AND state <> 'set_aside' OR lease_holder IS NOT NULL",
        ).map(
          (row) =>
            `outbox ${row.entry_id}: ${row.kind} ${row.state}, due ${row.due_at_ms - world.time.nowMs()} ms, ` +
            `lease ${row.lease_until_ms}, ${row.last_outcome} after ${row.attempts}`,
        ),
        ...rows<{ charge_id: string }>(till, 'SELECT charge_id FROM charges WHERE ended_at_ms IS NULL').map(
          (row) => `charge ${row.charge_id} has not ended`,
        ),
      ]);
    },
  },
  {
    rule: 'an order is paid when one of its trades is',
    complaints: (_, tills) =>
      tills.flatMap((till) => {
        const paid = new Set(
          tradesOf(till)
            .filter((row) => row.state === 'paid')
            .map((row) => row.order_no),
        );
        return rows<OrderRow>(till, 'SELECT order_no, state FROM orders')
          .filter((order) => (order.state === 'paid') !== paid.has(order.order_no))
          .map((order) => `${order.order_no} is ${order.state}`);
      }),
  },
  {
    rule: 'an order is collected once, whatever the till',
    complaints(_, tills) {
      const kept = new Map<string, string[]>();
      for (const row of tills.flatMap((till) =>
        rows<{ order_no: string; trade_no: string }>(till, COLLECTED),
      )) {
        kept.set(row.order_no, [...(kept.get(row.order_no) ?? []), row.trade_no]);
      }
      return [...kept]
        .filter(([, tradeNos]) => tradeNos.length > 1)
        .map(([orderNo, tradeNos]) => `${orderNo}: ${tradeNos.join(' and ')}`);
    },
  },
  {
    rule: 'no number repeats',
    complaints: (_, tills) => {
      const numbers = tills.flatMap((till) => [
        ...tradesOf(till).map((row) => row.trade_no),
        ...rows<{ charge_id: string }>(till, 'SELECT charge_id FROM charges').map((row) => row.charge_id),
      ]);
      return numbers.filter((number, at) => numbers.indexOf(number) !== at);
    },
  },
  {
    rule: 'a charge opens one trade a channel',
    complaints: (_, tills) =>
      tills.flatMap((till) =>
        rows<{ charge_id: string }>(
          till,
          'SELECT charge_id FROM trades GROUP BY charge_id, channel HAVING count(*) > 1',
        ).map((row) => row.charge_id),
      ),
  },
  {
    rule: 'what was seen on the way holds',
    complaints: (_, tills) => tills.flatMap((till) => till.complaints()),
  },
];

/** Payments of which money stays, and of which nobody said that they should go back. */
const COLLECTED = `SELECT order_no, trade_no FROM trades WHERE state = 'paid' AND surplus = 0
  AND NOT EXISTS (SELECT 1 FROM refunds WHERE refunds.trade_no = trades.trade_no AND why <> 'asked')
  AND amount_fen > (SELECT coalesce(sum(refunds.amount_fen), 0) FROM refunds
    WHERE refunds.trade_no = trades.trade_no AND refunds.state NOT IN ('closed', 'refused', 'withdrawn'))
  AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.trade_no = trades.trade_no AND kind = 'give_back')`;

/** Notifications that the relay took and whose till has not answered them. A relay that lies or is gone owes nothing. */
export function undelivered({ relay, scenario }: World, tills: readonly SimTill[]): string[] {
  if (!relay || scenario.relay?.isLying || !relay.isThere()) return [];
  const answered = new Map(tills.map((till) => [till.name, till.deliveries.answered]));
  return [...relay.promised]
    .filter(([id, till]) => !answered.get(till)?.has(id))
    .map(([id, till]) => `${id} of ${till}`);
}

function isUnresolved(row: TradeRow): boolean {
  return !['paid', 'closed', 'failed'].includes(row.state) || row.unknown_asking !== null;
}

/** How a refund may have ended here, by what the wallet has of it. */
const ENDS: Record<string, readonly string[]> = {
  SUCCESS: ['succeeded'],
  CLOSED: ['closed'],
  ABNORMAL: ['abnormal'],
  PROCESSING: [],
  absent: ['refused', 'withdrawn'],
};

interface RefundRow {
  refund_no: string;
  amount_fen: number;
  state: string;
  set_aside_at_ms: number | null;
}

function refundsOf(till: SimTill): RefundRow[] {
  return rows<RefundRow>(till, 'SELECT * FROM refunds');
}

function ledgerTrades(world: World): LedgerTrade[] {
  return world.sandbox.ledger.snapshot().trades;
}

function tradesOf(till: SimTill): TradeRow[] {
  return rows<TradeRow>(till, 'SELECT * FROM trades');
}

function rows<Row>(till: SimTill, sql: string): Row[] {
  return till.db.prepare<[], Row>(sql).all();
}
