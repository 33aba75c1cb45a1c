import { type Fen, MoneyError, yuanToFen } from '../../domain/money.ts';

/** An amount in yuan as fen; null when there is none. */
export function amountOf(yuan: string | undefined): Fen | null | 'unusable' {
  if (yuan === undefined) return null;
  try {
    return yuanToFen(yuan);
  } catch (error) {
    if (error instanceof MoneyError) return 'unusable';
    throw error;
  }
}
