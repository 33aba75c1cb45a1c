/** Integer fen as yuan text, `1234567.05` grouped as `1,234,567.05`. By digits only. */
export function yuanText(fen: number): string {
  const digits = String(fen).padStart(3, '0');
  return `${grouped(digits.slice(0, -2))}.${digits.slice(-2)}`;
}

/** Yuan and fen for whoever listens, without grouping: `12.50`. */
export function spokenYuan(fen: number): string {
  const digits = String(fen).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Digits in threes from the right. */
export function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Yuan as typed, `12.5` or `¥ 1,234`, as fen; null where it is no amount. By digits only. */
export function fenOf(typed: string): number | null {
  const [, yuan, tenths = ''] =
    /^[¥￥]?\s*(\d{1,9})(?:\.(\d{0,2}))?$/.exec(typed.trim().replaceAll(',', '')) ?? [];
  return yuan === undefined ? null : Number(yuan + tenths.padEnd(2, '0'));
}
