import type { Sandbox } from '../../sandbox/sandbox.ts';

/** What a wallet was asked, and what it said. */
interface Exchange {
  operation: string;
  tradeNo: string | null;
  code: string;
  fault: string | null;
}

/** Refusals by which a wallet says that the till wanted more than there is, or something else under the same number. */
const NEVER = /DISCORDANT_REPEAT_REQUEST|REFUND_AMT_NOT_EQUAL_TOTAL|INVALID_REQUEST/;

/** Watches what the wallets give back: at every moment no more than was paid, and nobody ever asks for more. */
export function watchGivenBack(
  { ledger }: Pick<Sandbox, 'ledger'>,
  violation: (rule: string, text: string) => void,
): { look(exchange: Exchange): void } {
  return {
    look({ operation, tradeNo, code, fault }) {
      if (operation !== 'refund') return;
      if (fault === null && NEVER.test(code))
        violation('no wallet is asked for more than there is', `${tradeNo}: ${code}`);
      for (const trade of ledger.snapshot().trades) {
        const backFen = ledger
          .refundsOf(trade)
          .filter(({ status }) => status !== 'CLOSED')
          .reduce((sum, { amountFen }) => sum + amountFen, 0);
        if (backFen > trade.amountFen)
          violation('no wallet gives back more than was paid', `${trade.tradeNo}: ${backFen}`);
      }
    },
  };
}
