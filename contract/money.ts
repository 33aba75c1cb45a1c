import { z } from 'zod';

/** The largest amount either wallet takes in one trade: 100,000,000.00 yuan (Alipay's bound; WeChat names none). */
export const AMOUNT_MAX_FEN = 10_000_000_000;

export const AmountFen = z
  .int()
  .min(1)
  .max(AMOUNT_MAX_FEN)
  .meta({ description: 'Integer fen (1/100 yuan).', examples: [1250] });

/** RFC 3339 with offset, e.g. `2026-11-21T14:32:10.000+08:00`. */
export const Instant = z.iso.datetime({ offset: true });
