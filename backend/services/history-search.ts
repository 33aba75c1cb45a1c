import type { Channel, TradeState } from '../../contract/trade.ts';
import { type Fen, yuanToFen } from '../domain/money.ts';
import type { TradeFilter } from '../store/trades.ts';

/** What a search text means: text to find, and an amount where it reads as yuan. */
export function wordsOf(q: string | undefined): { text?: string; amountFen?: Fen } {
  const text = q?.trim();
  if (!text) return {};
  const amountFen = amountOf(text);
  return amountFen === undefined ? { text } : { text, amountFen };
}

interface Asked {
  q?: string | undefined;
  state?: TradeState | undefined;
  channel?: Channel | undefined;
  cashier?: string | undefined;
  /** RFC 3339 */
  from?: string | undefined;
  to?: string | undefined;
  amountFromFen?: number | undefined;
  amountToFen?: number | undefined;
  cursor?: string | undefined;
  limit: number;
}

/** A search of the history as the store takes it. Two amounts with a dash of their own between them are a range. */
export function searchedFor(asked: Asked): { [K in keyof TradeFilter]: TradeFilter[K] | undefined } & {
  cursor: string | undefined;
  limit: number;
} {
  const { q, from, to, amountFromFen, amountToFen, ...rest } = asked;
  const range = rangeOf(q);
  return {
    ...rest,
    ...(range ? {} : wordsOf(q)),
    cursor: asked.cursor,
    fromMs: from === undefined ? undefined : Date.parse(from),
    toMs: to === undefined ? undefined : Date.parse(to),
    amountFromFen: greater(range?.fromFen, amountFromFen),
    amountToFen: less(range?.toFen, amountToFen),
  };
}

/** `10~20`, `¥10 – 20.50`, `10到20`. Not with a hyphen: order numbers have those. */
function rangeOf(q: string | undefined): { fromFen: Fen; toFen: Fen } | undefined {
  const [, first, second] = /^([^~～–—至到]+)[~～–—至到]+([^~～–—至到]+)$/.exec(q?.trim() ?? '') ?? [];
  const fromFen = first === undefined ? undefined : amountOf(first.trim());
  const toFen = second === undefined ? undefined : amountOf(second.trim());
  return fromFen === undefined || toFen === undefined ? undefined : { fromFen, toFen };
}

function amountOf(text: string): Fen | undefined {
  try {
    return yuanToFen(text.replace(/^[¥￥]\s*/, '').replace(/\s*元$/, ''));
  } catch {
    return undefined;
  }
}

function greater(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

function less(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
