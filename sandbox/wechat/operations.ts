import { fen } from '../../backend/domain/money.ts';
import { ALPHANUMERIC, type Random, randomText } from '../../ports/random.ts';
import { wechatTime } from '../../wire/china-time.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { CODE_LIFE_MS, closed, type LedgerCode, type LedgerTrade } from '../ledger/trade.ts';
import { nativeParams, payableUntilMs } from './params.ts';
import { paramError, STATE_TEXT, WechatRefusal } from './words.ts';

export interface WechatDesk {
  ledger: Ledger;
  random: Random;
  appId: string;
  mchId: string;
  /** The ledger's clock. */
  nowMs: number;
}

/** Older codes of one trade are forgotten beyond this many. */
const CODES_MAX = 20;

/** Orders, or gives an order that is already there another code (protocol: native order). */
export function native(desk: WechatDesk, body: Uint8Array): { code_url: string } {
  const { params, asked } = nativeParams(body);
  checkMchId(desk, params.mchid);
  if (params.appid !== desk.appId)
    throw new WechatRefusal('APPID_MCHID_NOT_MATCH', '商户号和AppID不匹配，请核对后重试');
  const known = desk.ledger.find('wechat', params.out_trade_no);
  const trade = known ? repeatable(known, asked, desk.nowMs) : newTrade(desk, params, asked);
  const code: LedgerCode = {
    code: `weixin://wxpay/bizpayurl?pr=${randomText(desk.random, ALPHANUMERIC, 9)}`,
    madeAtMs: desk.nowMs,
    expiresAtMs: Math.min(desk.nowMs + CODE_LIFE_MS, trade.payableUntilMs ?? Number.POSITIVE_INFINITY),
  };
  desk.ledger.put({ ...trade, codes: [...trade.codes, code].slice(-CODES_MAX) });
  return { code_url: code.code };
}

export function queryByTradeNo(desk: WechatDesk, tradeNo: string, mchId: string | null): object {
  checkQueryMchId(desk, mchId);
  const trade = desk.ledger.find('wechat', tradeNo);
  if (!trade) throw notExist();
  return transaction(desk, trade);
}

export function queryByTransactionId(desk: WechatDesk, id: string, mchId: string | null): object {
  checkQueryMchId(desk, mchId);
  const trade = desk.ledger.findByProviderNo('wechat', id);
  if (!trade) throw notExist();
  return transaction(desk, trade);
}

/** Makes an unpaid trade unpayable; harmless when it is already closed. */
export function close(desk: WechatDesk, tradeNo: string, mchId: string): void {
  checkMchId(desk, mchId);
  const trade = desk.ledger.find('wechat', tradeNo);
  if (!trade) throw notExist();
  if (trade.state === 'CLOSED') return;
  if (trade.state === 'USERPAYING') throw new WechatRefusal('USER_PAYING', '用户支付中，请稍后重试');
  const after = closed(trade, desk.nowMs);
  if (!after) throw new WechatRefusal('ORDER_PAID', '该订单已支付');
  desk.ledger.put(after);
}

function checkQueryMchId(desk: { mchId: string }, mchId: string | null): void {
  if (!mchId) throw paramError('query', 'mchid', '缺少必填参数mchid');
  checkMchId(desk, mchId);
}

function checkMchId(desk: { mchId: string }, mchId: string): void {
  if (mchId !== desk.mchId) throw new WechatRefusal('MCH_NOT_EXISTS', '商户号不存在或与签名商户号不一致');
}

function repeatable(trade: LedgerTrade, asked: string, nowMs: number): LedgerTrade {
  if (trade.paidAtMs !== null) throw new WechatRefusal('OUT_TRADE_NO_USED', '商户订单号重复，该订单已支付');
  if (trade.asked !== asked)
    throw trade.state === 'CLOSED'
      ? new WechatRefusal('OUT_TRADE_NO_USED', '商户订单号重复')
      : new WechatRefusal('INVALID_REQUEST', '请求重入时，参数与首次请求时不一致');
  if (trade.state === 'CLOSED') throw new WechatRefusal('ORDER_CLOSED', '订单已关闭');
  if (trade.payableUntilMs !== null && nowMs > trade.payableUntilMs)
    throw new WechatRefusal('OUT_TRADE_NO_USED', '商户订单号重复，该订单已过支付时间');
  return trade;
}

function newTrade(
  desk: WechatDesk,
  params: ReturnType<typeof nativeParams>['params'],
  asked: string,
): LedgerTrade {
  return {
    channel: 'wechat',
    tradeNo: params.out_trade_no,
    providerTradeNo: null,
    state: 'NOTPAY',
    amountFen: fen(params.amount.total),
    refundedFen: fen(0),
    subject: params.description,
    notifyUrl: params.notify_url,
    attach: params.attach ?? null,
    codes: [],
    lifeFromScanMs: null,
    payableUntilMs: payableUntilMs(params.time_expire, desk.nowMs),
    cancellableUntilMs: null,
    finishesAtMs: null,
    createdAtMs: desk.nowMs,
    scannedAtMs: null,
    paidAtMs: null,
    closedAtMs: null,
    asked,
  };
}

/** The transaction as queries and notifications show it. */
export function transaction(desk: { appId: string; mchId: string }, trade: LedgerTrade): object {
  const paid = trade.paidAtMs === null ? null : wechatTime(trade.paidAtMs);
  return {
    amount: {
      ...(paid === null ? {} : { currency: 'CNY', payer_total: trade.amountFen }),
      payer_currency: 'CNY',
      total: trade.amountFen,
    },
    appid: desk.appId,
    ...(trade.attach === null ? {} : { attach: trade.attach }),
    ...(paid === null ? {} : { bank_type: 'OTHERS' }),
    mchid: desk.mchId,
    out_trade_no: trade.tradeNo,
    ...(paid === null ? {} : { payer: { openid: 'oSandboxCustomer000000000000' } }),
    promotion_detail: [],
    ...(paid === null ? {} : { success_time: paid }),
    trade_state: trade.state,
    trade_state_desc: STATE_TEXT[trade.state],
    ...(paid === null ? {} : { trade_type: 'NATIVE' }),
    ...(trade.providerTradeNo === null ? {} : { transaction_id: trade.providerTradeNo }),
  };
}

function notExist(): WechatRefusal {
  return new WechatRefusal('ORDER_NOT_EXIST', '订单不存在');
}
