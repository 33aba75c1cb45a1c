import { fen } from '../backend/domain/money.ts';
import type { TestPair } from '../wire/test-certificates.ts';
import type { Work } from './measure.ts';

export const PUBLIC_KEY_ID = 'PUB_KEY_ID_0119000001012024112900000000000001';
export const TRADE = {
  tradeNo: 'T20261121120000000001',
  amountFen: fen(1_250),
  createdAtMs: Date.now(),
  expiresAtMs: Date.now() + 120_000,
};

/** What both callers of one wallet are given. */
export interface Stage {
  origin: string;
  merchant: TestPair;
  wallet: TestPair;
}

/** One wallet's query, done by each contestant. */
export interface Race {
  name: string;
  ours: Work;
  bare: Work;
  sdk: { name: string; run: Work };
  stop(): Promise<void>;
}
