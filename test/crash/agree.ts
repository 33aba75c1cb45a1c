import { TRADE_TRANSITIONS, type TradeEvent, type TradeState } from '../../backend/domain/trade.ts';
import type { HeldTrade, Sale, World } from './world.ts';

interface TradeRow {
  trade_no: string;
  charge_id: string;
  channel: string;
  state: TradeState;
  amount_fen: number;
  provider_trade_no: string | null;
  late: number;
  surplus: number;
  incident: string | null;
  refund_due: string | null;
}

interface RefundRow {
  refund_no: string;
  amount_fen: number;
  state: string;
  why: string;
}

const REFUNDS = 'SELECT * FROM refunds WHERE trade_no = ?';

interface EventRow {
  type: string;
  trade_no: string | null;
  from_state: TradeState | null;
  to_state: TradeState | null;
  what: string | null;
}

/**
 * Holds the till's record of some orders, all of them at their end, against the wallets' ledgers and against itself.
 * One line for each disagreement.
 */
export async function disagreements(world: World, sales: readonly Sale[]): Promise<string[]> {
  await world.alive();
  const held = await world.ledger();
  const found: string[] = [];
  for (const sale of sales) {
    const ofSale = held.filter(({ subject }) => subject === sale.orderNo);
    for (const line of await disagreementsOf(world, sale, ofSale)) found.push(`${sale.orderNo}: ${line}`);
  }
  const sound = world.read().soundness();
  if (sound !== 'ok') found.push(`the database is damaged: ${sound}`);
  for (const { kind, state } of world
    .read()
    .all<{ kind: string; state: string }>('SELECT kind, state FROM outbox'))
    found.push(`an entry is left in the outbox: ${kind}, ${state}`);
  return found;
}

async function disagreementsOf(world: World, sale: Sale, held: readonly HeldTrade[]): Promise<string[]> {
  const book = world.read();
  const found: string[] = [];
  const must = (holds: boolean, line: string) => {
    if (!holds) found.push(line);
  };
  const [order] = book.all<{ state: string; amount_fen: number }>(
    'SELECT * FROM orders WHERE order_no = ?',
    sale.orderNo,
  );
  if (!order) return ['the order is gone'];
  const charges = book.all<{ charge_id: string; ended_at_ms: number | null }>(
    'SELECT * FROM charges WHERE order_no = ?',
    sale.orderNo,
  );
  const trades = book.all<TradeRow>('SELECT * FROM trades WHERE order_no = ?', sale.orderNo);
  const events = book.all<EventRow>('SELECT * FROM events WHERE order_no = ? ORDER BY seq', sale.orderNo);
  const paid = trades.filter(({ state }) => state === 'paid');
  const heldPaid = held.filter((trade) => trade.paid);

  // The wallets' side: every trade is ours, every payment known, none invented.
  for (const { tradeNo, channel } of held)
    must(
      trades.some((trade) => trade.trade_no === tradeNo && trade.channel === channel),
      `${tradeNo} is not ours`,
    );
  for (const { tradeNo, amountFen, providerTradeNo } of heldPaid) {
    const ours = paid.find((trade) => trade.trade_no === tradeNo);
    must(ours !== undefined, `the payment of ${tradeNo} is not known`);
    must(ours?.amount_fen === amountFen, `${tradeNo} was paid with ${amountFen}`);
    must(
      ours?.provider_trade_no === providerTradeNo,
      `${tradeNo} has the wallet's number ${providerTradeNo}`,
    );
  }
  for (const { trade_no } of paid)
    must(
      heldPaid.some(({ tradeNo }) => tradeNo === trade_no),
      `${trade_no} is paid here alone`,
    );
  for (const { tradeNo, code } of held) {
    const isDead = trades.some(({ trade_no, state }) => trade_no === tradeNo && /closed|failed/.test(state));
    if (isDead && code !== null) must(!(await world.scan(code)), `${tradeNo} is dead here and payable there`);
  }

  // One charge at a time, one trade per channel and charge, what the client was told still stands.
  must(
    charges.every(({ ended_at_ms }) => ended_at_ms !== null),
    'a charge has not ended',
  );
  for (const told of sale.toldCharges)
    must(
      charges.some(({ charge_id }) => charge_id === told),
      `the charge ${told} is gone`,
    );
  const places = trades.map(({ charge_id, channel }) => `${charge_id} ${channel}`);
  must(new Set(places).size === places.length, 'a charge has two trades on one channel');

  // Paid once, given back once.
  must(order.amount_fen === sale.amountFen, 'the amount is another');
  must(
    (order.state === 'paid') === paid.length > 0,
    `the order is ${order.state} with ${paid.length} payments`,
  );
  const surplus = trades.filter((trade) => trade.surplus === 1);
  must(
    surplus.length === Math.max(0, paid.length - 1),
    `${surplus.length} of ${paid.length} payments are surplus`,
  );
  for (const trade of trades) {
    const wasCancelled = events.some(({ type }) => type === 'order.cancelled');
    const isOwed = trade.surplus === 1 || (trade.late === 1 && wasCancelled && trade.state === 'paid');
    const given = held.find(({ tradeNo }) => tradeNo === trade.trade_no)?.refunds ?? [];
    found.push(...refundFaults(trade, book.all<RefundRow>(REFUNDS, trade.trade_no), given, isOwed));
    must(trade.refund_due === null, `${trade.trade_no} is owed: ${trade.refund_due}`);
    must(trade.incident === null, `${trade.trade_no} has an incident`);
    must(/paid|closed|failed/.test(trade.state), `${trade.trade_no} is ${trade.state}`);
    found.push(...chainFaults(trade, events));
  }
  for (const [refundNo, told] of sale.toldRefunds) {
    const [row] = book.all<RefundRow>('SELECT * FROM refunds WHERE refund_no = ?', refundNo);
    must(row?.amount_fen === told.amountFen, `the refund ${refundNo} was taken, and is ${row?.amount_fen}`);
    must(
      (row?.state === 'withdrawn') === told.withdrawn,
      `${refundNo} is ${row?.state}, taken back: ${told.withdrawn}`,
    );
  }
  for (const type of ['order.created', 'order.paid', 'order.cancelled'])
    must(events.filter((event) => event.type === type).length <= 1, `${type} was told twice`);
  must(events[0]?.type === 'order.created', 'the order was never said to be new');
  must(events.some(({ type }) => type === 'order.paid') === paid.length > 0, 'the payment was not told');
  must(
    events.filter(({ type }) => type === 'charge.started').length === charges.length,
    'a charge was not told',
  );
  return found;
}

/** What went back is what was asked for and owed, each part once, and never more than was paid. */
function refundFaults(
  trade: TradeRow,
  rows: readonly RefundRow[],
  given: HeldTrade['refunds'],
  isOwed: boolean,
): string[] {
  const found: string[] = [];
  const ruled = rows.filter(({ why }) => why !== 'asked').length;
  if (ruled !== (isOwed ? 1 : 0)) found.push(`${trade.trade_no} is given back by rule ${ruled} times`);
  for (const { refund_no, state } of rows)
    if (state !== 'succeeded' && state !== 'withdrawn') found.push(`the refund ${refund_no} is ${state}`);
  const partsOf = (parts: readonly { no: string; fen: number }[]) =>
    parts
      .map(({ no, fen }) => `${no} ${fen}`)
      .sort()
      .join();
  const ours = partsOf(
    rows
      .filter(({ state }) => state === 'succeeded')
      .map(({ refund_no, amount_fen }) => ({ no: refund_no, fen: amount_fen })),
  );
  const theirs = partsOf(given.map(({ refundNo, amountFen }) => ({ no: refundNo, fen: amountFen })));
  if (ours !== theirs) found.push(`of ${trade.trade_no} the wallet gave back [${theirs}], we know [${ours}]`);
  if (given.some(({ status }) => status !== 'SUCCESS'))
    found.push(`the wallet is still paying ${theirs} out`);
  const sumFen = given.reduce((sum, { amountFen }) => sum + amountFen, 0);
  if (sumFen > trade.amount_fen) found.push(`${sumFen} went back of ${trade.amount_fen}`);
  return found;
}

/** Every event begins where the one before it ended, and does what the table of transitions says. */
function chainFaults(trade: TradeRow, events: readonly EventRow[]): string[] {
  const found: string[] = [];
  let state: TradeState = 'created';
  let deadlines = 0;
  for (const { type, trade_no, from_state, to_state, what } of events) {
    if (trade_no !== trade.trade_no || type !== 'trade.changed') continue;
    if (from_state !== state) found.push(`${trade_no} went from ${state} and from ${from_state}`);
    if (TRADE_TRANSITIONS[state][what as TradeEvent]?.to !== to_state)
      found.push(`${trade_no}: ${what} led to ${to_state}`);
    if (what === 'deadline_passed') deadlines += 1;
    state = to_state ?? state;
  }
  if (state !== trade.state) found.push(`${trade.trade_no} is ${trade.state}, its events say ${state}`);
  if (deadlines > 1) found.push(`the deadline of ${trade.trade_no} passed ${deadlines} times`);
  return found;
}
