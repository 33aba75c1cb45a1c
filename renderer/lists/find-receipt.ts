import type { Trade } from '../../contract/trade.ts';
import type { Api } from '../link.ts';

/** What a receipt's number leads to. */
export type Receipt =
  /** It can be given back. */
  | { kind: 'open'; trade: Trade }
  /** Nothing is left of it: all of it is back, or on its way. */
  | { kind: 'given_back' | 'on_its_way'; trade: Trade }
  /** Nobody paid it. */
  | { kind: 'not_paid'; trade: Trade }
  | { kind: 'several'; trades: readonly Trade[] }
  /** Another till took it. */
  | { kind: 'elsewhere'; tillId: string }
  | { kind: 'not_found' };

const PAGE = 50;
/** A trade's number as tills make it: the till's id, the store's time, and what tells it apart. */
const OURS = /^([A-Z][0-9A-Z]{3})\d{12}[0-9A-Z]{10}$/;

/** Finds what a scanned or typed text names: an order, a trade by our number or the wallet's, a refund, or an amount. */
export async function findReceipt(
  api: Pick<Api, 'trades'>,
  text: string,
  ownTillId: string,
): Promise<Receipt> {
  const { items } = await api.trades.list({ q: text, limit: PAGE });
  const named = items.filter(({ tradeNo, orderNo, providerTradeNo }) =>
    [tradeNo, orderNo, providerTradeNo].some((number) => number?.toUpperCase() === text.toUpperCase()),
  );
  return read(named.length > 0 ? named : items, text, ownTillId);
}

function read(trades: readonly Trade[], text: string, ownTillId: string): Receipt {
  const paid = trades.filter(({ state }) => state === 'paid');
  const open = paid.filter(({ refundableFen }) => refundableFen > 0);
  const [first] = open;
  if (first) return open.length === 1 ? { kind: 'open', trade: first } : { kind: 'several', trades: open };
  const moving = paid.find(({ refundingFen }) => refundingFen > 0);
  if (moving) return { kind: 'on_its_way', trade: moving };
  if (paid[0]) return { kind: 'given_back', trade: paid[0] };
  if (trades[0]) return { kind: 'not_paid', trade: trades[0] };
  const [, tillId] = OURS.exec(text.toUpperCase()) ?? [];
  return tillId !== undefined && tillId !== ownTillId ? { kind: 'elsewhere', tillId } : { kind: 'not_found' };
}
