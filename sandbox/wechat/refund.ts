import { MINUTE } from '../../ports/clock.ts';
import { randomText } from '../../ports/random.ts';
import { wechatTime } from '../../wire/china-time.ts';
import type { Plight } from '../faults/armed.ts';
import { PAYOUT_MS } from '../ledger/payouts.ts';
import type { LedgerRefund } from '../ledger/refund.ts';
import type { LedgerTrade } from '../ledger/trade.ts';
import type { WechatDesk } from './operations.ts';
import { refundParams } from './params.ts';
import { WechatRefusal } from './words.ts';

const YEAR_MS = 365 * 86_400_000;
const PARTS_MAX = 50;
/** Refunds of one order follow each other no faster (protocol: refund). */
const GAP_MS = MINUTE;
const DIGITS = '0123456789';

/** Takes a refund: 200 says that, not that it was paid out (protocol: refund). A number is given back once. */
export function refund(desk: WechatDesk, body: Uint8Array, { main }: Plight): object {
  const { params, asked } = refundParams(body);
  const { ledger, nowMs } = desk;
  const { amount, out_refund_no: refundNo } = params;
  const trade =
    params.transaction_id === undefined
      ? ledger.find('wechat', params.out_trade_no ?? '')
      : ledger.findByProviderNo('wechat', params.transaction_id);
  const known = ledger.findRefund('wechat', '', refundNo);
  if (known) {
    if (known.asked !== asked || !trade)
      throw new WechatRefusal('INVALID_REQUEST', '商户退款单号重复，请求参数与首次请求时不一致');
    return refundObject(trade, ledger.refundAgain(known));
  }
  if (!trade) throw new WechatRefusal('RESOURCE_NOT_EXISTS', '订单不存在');
  if (trade.paidAtMs === null) throw new WechatRefusal('TRADE_ERROR', '订单状态不允许退款');
  if (amount.total !== trade.amountFen) throw new WechatRefusal('INVALID_REQUEST', '订单金额与原订单不一致');
  if (nowMs - trade.paidAtMs > YEAR_MS) throw new WechatRefusal('RULE_LIMIT', '订单已超过退款期限');
  if (amount.refund > ledger.leftFen(trade))
    throw new WechatRefusal('INVALID_REQUEST', '申请退款金额超过订单可退金额');
  const others = ledger.refundsOf(trade);
  if (others.length >= PARTS_MAX) throw new WechatRefusal('RULE_LIMIT', '一笔订单最多退款50次');
  const lastMs = Math.max(0, ...others.map(({ requestedAtMs }) => requestedAtMs ?? 0));
  if (nowMs - lastMs < GAP_MS)
    throw new WechatRefusal('FREQUENCY_LIMITED', '同一笔订单的退款间隔需大于1分钟');
  const ends = main?.kind === 'refund_ends' ? main : { as: 'SUCCESS' as const, afterMs: PAYOUT_MS };
  const made = ledger.refund(trade, {
    refundNo,
    providerRefundNo: `5030${wechatTime(nowMs).slice(2, 10).replaceAll('-', '')}${randomText(desk.random, DIGITS, 18)}`,
    amountFen: amount.refund,
    reason: params.reason ?? '',
    notifyUrl: params.notify_url ?? null,
    asked,
    endsAs: ends.as,
    endsAtMs: ends.as === 'PROCESSING' ? null : nowMs + ends.afterMs,
  });
  return refundObject(trade, made);
}

/** A refund by the merchant's number. */
export function refundQuery(desk: WechatDesk, refundNo: string): object {
  const found = desk.ledger.findRefund('wechat', '', refundNo);
  const trade = found && desk.ledger.find('wechat', found.tradeNo);
  if (!trade || !found) throw new WechatRefusal('RESOURCE_NOT_EXISTS', '退款单不存在');
  return refundObject(trade, found);
}

/** The refund as answers show it. */
function refundObject(trade: LedgerTrade, refund: LedgerRefund): object {
  return {
    amount: {
      currency: 'CNY',
      discount_refund: 0,
      from: [],
      payer_refund: refund.amountFen,
      payer_total: trade.amountFen,
      refund: refund.amountFen,
      settlement_refund: refund.amountFen,
      settlement_total: trade.amountFen,
      total: trade.amountFen,
    },
    channel: 'ORIGINAL',
    create_time: wechatTime(refund.requestedAtMs ?? 0),
    funds_account: 'AVAILABLE',
    out_refund_no: refund.refundNo,
    out_trade_no: trade.tradeNo,
    promotion_detail: [],
    refund_id: refund.providerRefundNo,
    status: refund.status,
    ...(refund.refundedAtMs === null ? {} : { success_time: wechatTime(refund.refundedAtMs) }),
    transaction_id: trade.providerTradeNo,
    user_received_account: RECEIVER,
  };
}

/** The content of its notification (protocol: notifications): the status has another name there. */
export function refundNotice(mchId: string, trade: LedgerTrade, refund: LedgerRefund): object {
  return {
    amount: {
      payer_refund: refund.amountFen,
      payer_total: trade.amountFen,
      refund: refund.amountFen,
      total: trade.amountFen,
    },
    mchid: mchId,
    out_refund_no: refund.refundNo,
    out_trade_no: trade.tradeNo,
    refund_id: refund.providerRefundNo,
    refund_status: refund.status,
    ...(refund.refundedAtMs === null ? {} : { success_time: wechatTime(refund.refundedAtMs) }),
    transaction_id: trade.providerTradeNo,
    user_received_account: RECEIVER,
  };
}

const RECEIVER = '支付用户零钱';
