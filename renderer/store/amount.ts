import type { AmountProblem } from './state.ts';

/** Digits before the point: as many as the largest amount that any wallet takes. */
const YUAN_DIGITS_MAX = 9;

/**
 * What stands in the amount field after one more key. The text is always a prefix of a yuan amount:
 * `''`, `12`, `12.`, `12.5`, `12.50`. A key that does not fit changes nothing.
 */
export function typeAmount(typed: string, key: string): string {
  if (key === '.') {
    if (typed.includes('.')) return typed;
    return typed === '' ? '0.' : `${typed}.`;
  }
  if (key === '00') return typeAmount(typeAmount(typed, '0'), '0');
  if (!/^\d$/.test(key)) return typed;
  const [yuan = '', fen] = typed.split('.');
  if (fen !== undefined) return fen.length < 2 ? typed + key : typed;
  if (yuan === '0') return key;
  return yuan.length < YUAN_DIGITS_MAX ? typed + key : typed;
}

export function eraseLast(typed: string): string {
  return typed === '0.' ? '' : typed.slice(0, -1);
}

/** Pasted text as an amount: `¥1,250.5`, `１２．５０元`. Null where it is not plainly one amount. */
export function pastedAmount(text: string): string | null {
  const plain = text
    .normalize('NFKC')
    .trim()
    .replace(/^(?:¥|CNY|RMB)\s*/i, '')
    .replace(/\s*元$/, '');
  const match = /^(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?$/.exec(plain);
  if (!match) return null;
  const yuan = (match[1] ?? '').replaceAll(',', '').replace(/^0+(?=\d)/, '');
  if (yuan.length > YUAN_DIGITS_MAX) return null;
  return match[2] === undefined ? yuan : `${yuan}.${match[2]}`;
}

/** Yuan text → integer fen, by digits; or what is wrong with it. */
export function amountFen(typed: string, maxFen: number): { fen: number } | { problem: AmountProblem } {
  const match = /^(\d+)(?:\.(\d{0,2}))?$/.exec(typed);
  if (!match) return { problem: 'zero' };
  const fen = Number(`${match[1]}${(match[2] ?? '').padEnd(2, '0')}`);
  if (fen === 0) return { problem: 'zero' };
  return fen > maxFen ? { problem: 'too_large' } : { fen };
}
