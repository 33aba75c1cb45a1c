import { createPrivateKey } from 'node:crypto';
import { type Fen, fenToYuan } from '../../backend/domain/money.ts';
import type { Trade } from '../../contract/trade.ts';
import type { Identity } from '../../sandbox/identity/identity.ts';
import { writeAlipayNotification } from '../../wire/alipay-notification.ts';
import { alipayTime, wechatTime } from '../../wire/china-time.ts';
import { parseApiV3Key } from '../../wire/wechat-v3-aead.ts';
import { writeWechatNotification } from '../../wire/wechat-v3-notification.ts';
import { signWechatMessage } from '../../wire/wechat-v3-signature.ts';

/** What a wallet posts, as a relay keeps it. */
export interface WalletPost {
  channel: Trade['channel'];
  headers: Record<string, string>;
  body: Buffer;
}

let count = 0;

/** A genuine notification that the trade was paid, signed with the wallet's own keys at `atMs`. */
export function paidNotification(
  identity: Identity,
  trade: Pick<Trade, 'channel' | 'tradeNo' | 'amountFen'>,
  atMs: number,
  change: Record<string, unknown> = {},
): WalletPost {
  count += 1;
  return trade.channel === 'alipay'
    ? alipay(identity.alipay, trade, atMs, change as Record<string, string>)
    : wechat(identity.wechat, trade, atMs, change);
}

/** A refund as its wallet tells of it; `refundedFen`: all that has gone back of the trade. */
export interface ToldRefund {
  channel: Trade['channel'];
  tradeNo: string;
  refundNo: string;
  amountFen: number;
  totalFen: number;
  refundedFen: number;
  status: 'SUCCESS' | 'CLOSED' | 'ABNORMAL';
}

/**
 * A genuine notification about the refund, signed with the wallet's own keys at `atMs`. Alipay tells of what went back
 * alone, on the trade, with the sum of all refunds so far.
 */
export function refundNotification(
  identity: Identity,
  refund: ToldRefund,
  atMs: number,
  change: Record<string, unknown> = {},
): WalletPost {
  count += 1;
  const { channel, tradeNo, refundNo, amountFen, totalFen, refundedFen, status } = refund;
  if (channel === 'alipay') {
    const said = {
      trade_status: refundedFen === totalFen ? 'TRADE_CLOSED' : 'TRADE_SUCCESS',
      out_biz_no: refundNo,
      refund_fee: fenToYuan(refundedFen as Fen),
      gmt_refund: alipayTime(atMs),
      ...change,
    };
    return alipay(identity.alipay, { tradeNo, amountFen: totalFen }, atMs, said as Record<string, string>);
  }
  const content = {
    mchid: identity.wechat.mchId,
    out_trade_no: tradeNo,
    transaction_id: `42${String(count).padStart(26, '0')}`,
    out_refund_no: refundNo,
    refund_id: `50${String(count).padStart(26, '0')}`,
    refund_status: status,
    ...(status === 'SUCCESS' ? { success_time: wechatTime(atMs) } : {}),
    user_received_account: '支付用户零钱',
    amount: { total: totalFen, refund: amountFen, payer_total: totalFen, payer_refund: amountFen },
    ...change,
  };
  const kind = { eventType: `REFUND.${status}`, summary: '退款', originalType: 'refund' };
  return sealed(identity.wechat, kind, content, atMs);
}

function alipay(
  { appId, sellerId, alipayPrivateKey }: Identity['alipay'],
  { tradeNo, amountFen }: Pick<Trade, 'tradeNo' | 'amountFen'>,
  atMs: number,
  change: Record<string, string>,
): WalletPost {
  const fields = {
    notify_time: alipayTime(atMs),
    notify_type: 'trade_status_sync',
    notify_id: `N${count}`,
    app_id: appId,
    seller_id: sellerId,
    out_trade_no: tradeNo,
    trade_no: `2026112122${String(count).padStart(18, '0')}`,
    trade_status: 'TRADE_SUCCESS',
    total_amount: fenToYuan(amountFen as Fen),
    buyer_logon_id: '138****0000',
    gmt_payment: alipayTime(atMs),
    subject: '拿铁 & 可颂 100%',
    ...change,
  };
  return {
    channel: 'alipay',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: Buffer.from(writeAlipayNotification(fields, createPrivateKey(alipayPrivateKey))),
  };
}

function wechat(
  wallet: Identity['wechat'],
  { tradeNo, amountFen }: Pick<Trade, 'tradeNo' | 'amountFen'>,
  atMs: number,
  change: Record<string, unknown>,
): WalletPost {
  const content = {
    appid: wallet.appId,
    mchid: wallet.mchId,
    out_trade_no: tradeNo,
    transaction_id: `42${String(count).padStart(26, '0')}`,
    trade_type: 'NATIVE',
    trade_state: 'SUCCESS',
    success_time: wechatTime(atMs),
    payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
    amount: { total: amountFen, payer_total: amountFen, currency: 'CNY', payer_currency: 'CNY' },
    ...change,
  };
  const kind = { eventType: 'TRANSACTION.SUCCESS', summary: '支付成功', originalType: 'transaction' };
  return sealed(wallet, kind, content, atMs);
}

function sealed(
  { apiV3Key, publicKeyId, publicKeyPrivate }: Identity['wechat'],
  kind: { eventType: string; summary: string; originalType: string },
  content: object,
  atMs: number,
): WalletPost {
  const body = writeWechatNotification(
    { id: `EV-${count}`, createdMs: atMs, ...kind, content },
    parseApiV3Key(apiV3Key),
    { nonce: String(count).padStart(12, '0') },
  );
  const signed = signWechatMessage(
    body,
    { serial: publicKeyId, privateKey: createPrivateKey(publicKeyPrivate) },
    { timestamp: String(Math.floor(atMs / 1_000)), nonce: `n${count}` },
  );
  const headers = Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    channel: 'wechat',
    headers: { 'content-type': 'application/json', ...Object.fromEntries(headers) },
    body: Buffer.from(body),
  };
}
