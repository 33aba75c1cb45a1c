/**
 * The words of an incident file. What has none here is shown as it is. In `of`, what is said of refunds alone
 * begins with `back.`, and what a wallet answered with `outcome.`.
 */
export interface IncidentWords {
  lang: string;
  title: string;
  order: string;
  amount: string;
  subject: string;
  state: string;
  source: string;
  created: string;
  paid: string;
  trades: string;
  trade: string;
  wallet: string;
  providerNo: string;
  payer: string;
  marks: string;
  refunds: string;
  refund: string;
  asked: string;
  ended: string;
  timeline: string;
  by: string;
  reason: string;
  approvedBy: string;
  entry: string;
  request: string;
  answer: string;
  noAnswer: string;
  whole: string;
  signature: string;
  serial: string;
  digest: string;
  check: string;
  masked: string;
  proof: string;
  of: Readonly<Record<string, string>>;
}
