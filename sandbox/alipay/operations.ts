import { fen, fenToYuan, yuanToFen } from '../../backend/domain/money.ts';
import { type Random, randomText } from '../../ports/random.ts';
import { alipayTime } from '../../wire/china-time.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { CODE_LIFE_MS, closed, type LedgerTrade } from '../ledger/trade.ts';
import { type Content, precreateContent, tradeReference } from './content.ts';
import { AlipayRefusal, SUCCESS } from './words.ts';

export interface AlipayDesk {
  ledger: Ledger;
  random: Random;
  sellerId: string;
  /** The ledger's clock. */
  nowMs: number;
}

/** The one customer of this wallet. */
export const BUYER = { id: '2088900000000000', logonId: '139******00' } as const;

export type Node = Record<string, unknown>;

const CODE_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Makes a code. The trade itself comes to be when a customer scans it (protocol: trade.precreate). */
export function precreate(desk: AlipayDesk, content: Content, notifyUrl: string | null): Node {
  const { ledger, nowMs } = desk;
  const asked = precreateContent(content, desk.sellerId, nowMs);
  const known = ledger.find('alipay', asked.tradeNo);
  if (known) {
    if (known.state === 'TRADE_CLOSED') throw new AlipayRefusal('ACQ.TRADE_HAS_CLOSE', '交易已经关闭');
    if (known.paidAtMs !== null) throw new AlipayRefusal('ACQ.TRADE_HAS_SUCCESS', '交易已被支付');
    if (known.amountFen !== asked.amountFen)
      throw new AlipayRefusal('ACQ.CONTEXT_INCONSISTENT', '交易信息被篡改');
  }
  const living = known?.codes.find((code) => code.expiresAtMs >= nowMs);
  const lifeMs = asked.codeLifeMs ?? CODE_LIFE_MS;
  const code = living ?? {
    code: `https://qr.alipay.com/bax0${randomText(desk.random, CODE_ALPHABET, 20)}`,
    madeAtMs: nowMs,
    expiresAtMs: Math.min(nowMs + lifeMs, asked.untilMs ?? Number.POSITIVE_INFINITY),
  };
  if (known) {
    if (!living) ledger.put({ ...known, codes: [...known.codes, code] });
  } else {
    ledger.put({
      channel: 'alipay',
      tradeNo: asked.tradeNo,
      providerTradeNo: null,
      state: 'TRADE_NOT_EXIST',
      amountFen: asked.amountFen,
      refundedFen: fen(0),
      subject: asked.subject,
      notifyUrl,
      attach: null,
      codes: [code],
      lifeFromScanMs: asked.tradeLifeMs,
      payableUntilMs: asked.untilMs,
      cancellableUntilMs: null,
      finishesAtMs: null,
      createdAtMs: nowMs,
      scannedAtMs: null,
      paidAtMs: null,
      closedAtMs: null,
      asked: '',
    });
  }
  return { ...SUCCESS, out_trade_no: asked.tradeNo, qr_code: code.code };
}

export function query(desk: AlipayDesk, content: Content): Node {
  const trade = existing(desk, content);
  const amount = fenToYuan(trade.amountFen);
  const isPaid = trade.paidAtMs !== null;
  return {
    ...SUCCESS,
    buyer_logon_id: BUYER.logonId,
    buyer_pay_amount: isPaid ? amount : '0.00',
    buyer_user_id: BUYER.id,
    ...(trade.paidAtMs !== null && trade.refundedFen < trade.amountFen
      ? { fund_bill_list: [{ amount, fund_channel: 'ALIPAYACCOUNT' }] }
      : {}),
    invoice_amount: isPaid ? amount : '0.00',
    out_trade_no: trade.tradeNo,
    point_amount: '0.00',
    receipt_amount: isPaid ? amount : '0.00',
    ...(trade.paidAtMs === null ? {} : { send_pay_date: alipayTime(trade.paidAtMs) }),
    ...(wasCancelledPaid(desk, trade) ? { ext_infos: '{"action":"cancel"}' } : {}),
    total_amount: amount,
    trade_no: trade.providerTradeNo,
    trade_status: trade.state,
  };
}

/** Closes an unpaid trade that exists; an unscanned code is no trade and stays payable. */
export function close(desk: AlipayDesk, content: Content): Node {
  const trade = existing(desk, content);
  const after = closed(trade, desk.nowMs);
  if (!after) throw new AlipayRefusal('ACQ.REASON_TRADE_STATUS_INVALID', '交易状态不合法');
  desk.ledger.put(after);
  return { ...SUCCESS, out_trade_no: trade.tradeNo, trade_no: trade.providerTradeNo };
}

/**
 * Undoes a trade: unpaid is closed, paid is refunded in full. A number without a trade is answered with
 * success and no action, and its code, if there is one, stays payable (protocol: trade.cancel).
 */
export function cancel(desk: AlipayDesk, content: Content): Node {
  const { tradeNo, providerTradeNo } = tradeReference(content);
  const trade = lookUp(desk, tradeNo, providerTradeNo);
  const nothing = { ...SUCCESS, out_trade_no: tradeNo ?? trade?.tradeNo, retry_flag: 'N' };
  if (!trade || trade.state === 'TRADE_NOT_EXIST') {
    if (providerTradeNo) throw notExist();
    return nothing;
  }
  const done = { ...nothing, out_trade_no: trade.tradeNo, trade_no: trade.providerTradeNo };
  switch (trade.state) {
    case 'WAIT_BUYER_PAY': {
      const after = closed(trade, desk.nowMs);
      if (after) desk.ledger.put(after);
      return { ...done, action: 'close' };
    }
    case 'TRADE_SUCCESS':
      if (trade.refundedFen > 0) throw new AlipayRefusal('ACQ.REASON_TRADE_REFUND_FEE_ERR', '退款金额无效');
      if (trade.cancellableUntilMs !== null && desk.nowMs > trade.cancellableUntilMs)
        throw new AlipayRefusal('ACQ.TRADE_CANCEL_TIME_OUT', '超过撤销时间范围');
      desk.ledger.cancelPaid(trade, trade.tradeNo);
      return { ...done, action: 'refund' };
    case 'TRADE_FINISHED':
      throw new AlipayRefusal('ACQ.TRADE_HAS_FINISHED', '交易已完结');
    default:
      return done;
  }
}

/** 1 fen more, for the faults of a wrong amount. */
export function higherAmount(yuan: string): string {
  return fenToYuan(fen(yuanToFen(yuan) + 1));
}

/** A cancelled trade says so in `ext_infos`; one that was given back by refunds does not. */
function wasCancelledPaid({ ledger }: AlipayDesk, trade: LedgerTrade): boolean {
  const byCancel = ledger.refundsOf(trade).some(({ requestedAtMs }) => requestedAtMs === null);
  return trade.state === 'TRADE_CLOSED' && trade.paidAtMs !== null && byCancel;
}

/** The trade that is named. Throws where there is none yet. */
export function existing(desk: AlipayDesk, content: Content): LedgerTrade {
  const { tradeNo, providerTradeNo } = tradeReference(content);
  const trade = lookUp(desk, tradeNo, providerTradeNo);
  if (!trade || trade.state === 'TRADE_NOT_EXIST') throw notExist();
  return trade;
}

/** The wallet's own number wins where both are given. */
function lookUp(
  desk: AlipayDesk,
  tradeNo: string | null,
  providerTradeNo: string | null,
): LedgerTrade | undefined {
  if (providerTradeNo) return desk.ledger.findByProviderNo('alipay', providerTradeNo);
  return tradeNo === null ? undefined : desk.ledger.find('alipay', tradeNo);
}

function notExist(): AlipayRefusal {
  return new AlipayRefusal('ACQ.TRADE_NOT_EXIST', '交易不存在');
}
