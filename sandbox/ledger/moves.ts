/**
 * The wallets' state machines as tables: states × events; a missing cell means that the wallet refuses.
 * An Alipay code that nobody has scanned yet is no trade: `TRADE_NOT_EXIST` is also what a query answers.
 */
export const ALIPAY_MOVES = {
  TRADE_NOT_EXIST: { scan: 'WAIT_BUYER_PAY' },
  WAIT_BUYER_PAY: {
    scan: 'WAIT_BUYER_PAY',
    pay: 'TRADE_SUCCESS',
    close: 'TRADE_CLOSED',
    cancel: 'TRADE_CLOSED',
    expire: 'TRADE_CLOSED',
  },
  // A part that goes back changes nothing; a cancel of a paid trade returns all of it. The closed state alone does not tell which it was.
  TRADE_SUCCESS: {
    cancel: 'TRADE_CLOSED',
    refund: 'TRADE_SUCCESS',
    refund_in_full: 'TRADE_CLOSED',
    finish: 'TRADE_FINISHED',
  },
  TRADE_CLOSED: {},
  TRADE_FINISHED: {},
} as const;

/** WeChat does not close by itself: past its end a trade is not payable, yet NOTPAY until it is closed. */
export const WECHAT_MOVES = {
  NOTPAY: { scan: 'NOTPAY', type: 'USERPAYING', turn_back: 'NOTPAY', pay: 'SUCCESS', close: 'CLOSED' },
  USERPAYING: { scan: 'USERPAYING', type: 'USERPAYING', turn_back: 'NOTPAY', pay: 'SUCCESS' },
  // Any refund, in part or whole, also one that ends without giving anything back.
  SUCCESS: { refund: 'REFUND' },
  CLOSED: {},
  REFUND: { refund: 'REFUND' },
} as const;

export type LedgerState = keyof typeof ALIPAY_MOVES | keyof typeof WECHAT_MOVES;

export const LEDGER_EVENTS = [
  'scan',
  'type',
  'turn_back',
  'pay',
  'close',
  'cancel',
  'expire',
  'refund',
  'refund_in_full',
  'finish',
] as const;
export type LedgerEvent = (typeof LEDGER_EVENTS)[number];

const MOVES: Record<LedgerState, Partial<Record<LedgerEvent, LedgerState>>> = {
  ...ALIPAY_MOVES,
  ...WECHAT_MOVES,
};

/** The state after `event`, or null when the wallet refuses it in this state. */
export function moved(state: LedgerState, event: LedgerEvent): LedgerState | null {
  return MOVES[state][event] ?? null;
}
