import { fen, fenToYuan } from '../../backend/domain/money.ts';
import { SECOND } from '../../ports/clock.ts';
import { alipayTime } from '../../wire/china-time.ts';
import type { LedgerRefund } from '../ledger/refund.ts';
import type { LedgerTrade } from '../ledger/trade.ts';
import { type Content, refundContent, refundQueryContent } from './content.ts';
import { type AlipayDesk, BUYER, existing, type Node } from './operations.ts';
import { AlipayRefusal, SUCCESS } from './words.ts';

/** Refunds of one trade follow each other no faster (protocol: trade.refund). */
const GAP_MS = 3 * SECOND;

/** Gives part or all of a paid trade back; a number is given back once (protocol: trade.refund). */
export function refund(desk: AlipayDesk, content: Content): Node {
  const asked = refundContent(content);
  const trade = existing(desk, content);
  const { ledger, nowMs } = desk;
  const refundNo = asked.requestNo ?? trade.tradeNo;
  const known = ledger.findRefund('alipay', trade.tradeNo, refundNo);
  if (known) {
    if (known.amountFen !== asked.amountFen)
      throw new AlipayRefusal('ACQ.DISCORDANT_REPEAT_REQUEST', '不一致的请求');
    return refunded(desk, trade, ledger.refundAgain(known), 'N');
  }
  if (trade.state === 'TRADE_FINISHED') throw new AlipayRefusal('ACQ.TRADE_HAS_FINISHED', '交易已完结');
  if (trade.state !== 'TRADE_SUCCESS') throw new AlipayRefusal('ACQ.TRADE_STATUS_ERROR', '交易状态不正确');
  const isPart = asked.amountFen !== trade.amountFen;
  if (asked.amountFen > ledger.leftFen(trade) || (isPart && asked.requestNo === null))
    throw new AlipayRefusal('ACQ.REFUND_AMT_NOT_EQUAL_TOTAL', '撤销或退款金额与订单金额不一致');
  const lastMs = Math.max(0, ...ledger.refundsOf(trade).map(({ requestedAtMs }) => requestedAtMs ?? 0));
  if (nowMs - lastMs < GAP_MS)
    throw new AlipayRefusal('isv.app-call-limited', '同一笔交易的退款间隔需大于3秒');
  const made = ledger.refund(trade, {
    refundNo,
    providerRefundNo: null,
    amountFen: asked.amountFen,
    reason: asked.reason,
    notifyUrl: trade.notifyUrl,
    asked: '',
    endsAs: 'SUCCESS',
    endsAtMs: null,
  });
  return refunded(desk, trade, made, 'Y');
}

/** What became of a refund; success alone says only that the query worked (protocol: fastpay.refund.query). */
export function refundQuery(desk: AlipayDesk, content: Content): Node {
  const { requestNo, options } = refundQueryContent(content);
  const trade = existing(desk, content);
  const found = desk.ledger.findRefund('alipay', trade.tradeNo, requestNo);
  if (!found || found.refundedAtMs === null) return { ...SUCCESS };
  return {
    ...SUCCESS,
    out_request_no: found.refundNo,
    out_trade_no: trade.tradeNo,
    refund_amount: fenToYuan(fen(found.amountFen)),
    refund_status: 'REFUND_SUCCESS',
    total_amount: fenToYuan(trade.amountFen),
    trade_no: trade.providerTradeNo,
    ...(options.includes('gmt_refund_pay') ? { gmt_refund_pay: alipayTime(found.refundedAtMs) } : {}),
  };
}

function refunded(desk: AlipayDesk, trade: LedgerTrade, made: LedgerRefund, fundChange: 'Y' | 'N'): Node {
  const soFar = desk.ledger.find('alipay', trade.tradeNo)?.refundedFen ?? trade.refundedFen;
  return {
    ...SUCCESS,
    buyer_logon_id: BUYER.logonId,
    buyer_user_id: BUYER.id,
    fund_change: fundChange,
    ...(made.refundedAtMs === null ? {} : { gmt_refund_pay: alipayTime(made.refundedAtMs) }),
    out_trade_no: trade.tradeNo,
    refund_fee: fenToYuan(soFar),
    send_back_fee: fundChange === 'Y' ? fenToYuan(fen(made.amountFen)) : '0.00',
    trade_no: trade.providerTradeNo,
  };
}
