/** Seeds that have found a bug, each with the bug. They are lived through again on every run of the tests. */
export const KEPT_SEEDS: readonly { seed: number; found: string }[] = [
  { seed: 4, found: 'a corrected clock had fractions of a millisecond, and no table took them' },
  { seed: 21, found: 'a clock that was ahead at start made a payable code closed, and its payment was lost' },
  { seed: 536, found: 'the same, after a jump, with a customer who paid later' },
  { seed: 202, found: 'the sandbox left who was typing at the end of an order typing for ever' },
  { seed: 552, found: 'an entry that a full disk refused to give back was never asked about again' },
  { seed: 1201, found: 'a corrected clock made a question be asked beside itself' },
  { seed: 20642, found: 'a clock that was set back stopped all asking for as long as it had been wrong' },
  {
    seed: 503392,
    found: 'a second click on an order just paid took back its claim, and another till collected it',
  },
  {
    seed: 503625,
    found:
      'a claim made while the wallets’ time was learnt was over at once, and another till collected the order',
  },
  {
    seed: 1019324,
    found: 'a till that was off for longer than its claim and another kept both payments of one order',
  },
  { seed: 1125, found: 'a till that committed all the time never prolonged its claims on orders' },
];
