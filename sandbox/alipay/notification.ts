import { createPrivateKey } from 'node:crypto';
import { fenToYuan } from '../../backend/domain/money.ts';
import type { Clock } from '../../ports/clock.ts';
import { writeAlipayNotification } from '../../wire/alipay-notification.ts';
import { alipayTime } from '../../wire/china-time.ts';
import type { Plight } from '../faults/armed.ts';
import type { Identity } from '../identity/identity.ts';
import type { LedgerRefund } from '../ledger/refund.ts';
import type { LedgerTrade } from '../ledger/trade.ts';
import type { Message } from '../notifications/notification.ts';
import { BUYER, higherAmount } from './operations.ts';

const OTHER_APP = '2021000000000000';
const OTHER_SELLER = '2088000000000000';

/**
 * Writes the form about a paid trade, or about a refund of it, signed anew each time (protocol: asynchronous
 * notification).
 */
export function createAlipayNotifications({ identity, clock }: { identity: Identity; clock: Clock }) {
  const { appId, sellerId, alipayPrivateKey } = identity.alipay;
  const key = createPrivateKey(alipayPrivateKey);
  const foreignKey = createPrivateKey(identity.wechat.issuerPrivateKey);

  return function write(
    trade: LedgerTrade,
    refund: LedgerRefund | null,
    id: string,
    plight: Plight,
  ): Message {
    const { main, skewMs } = plight;
    const amount = fenToYuan(trade.amountFen);
    const fields = {
      notify_time: alipayTime(clock.nowMs() + skewMs),
      notify_type: 'trade_status_sync',
      notify_id: id,
      version: '1.0',
      app_id: appId,
      auth_app_id: appId,
      trade_no: trade.providerTradeNo ?? '',
      out_trade_no: trade.tradeNo,
      buyer_id: BUYER.id,
      buyer_logon_id: BUYER.logonId,
      seller_id: sellerId,
      seller_email: 'shop@sandbox.example',
      trade_status: refund ? trade.state : 'TRADE_SUCCESS',
      total_amount: amount,
      receipt_amount: amount,
      invoice_amount: amount,
      buyer_pay_amount: amount,
      point_amount: '0.00',
      subject: trade.subject,
      gmt_create: alipayTime(trade.scannedAtMs ?? trade.createdAtMs),
      gmt_payment: alipayTime(trade.paidAtMs ?? trade.createdAtMs),
      ...(refund
        ? {
            out_biz_no: refund.refundNo,
            // The sum of everything given back so far.
            refund_fee: fenToYuan(trade.refundedFen),
            gmt_refund: alipayTime(refund.refundedAtMs ?? clock.nowMs()),
          }
        : {}),
      fund_bill_list: JSON.stringify([{ amount, fundChannel: 'ALIPAYACCOUNT' }]),
    };
    const signer =
      main?.kind === 'missing_signature' ? undefined : main?.kind === 'wrong_signature' ? foreignKey : key;
    return {
      headers: {
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
        accept: '*/*',
        'user-agent': 'Mozilla/4.0',
      },
      body: writeAlipayNotification(told(fields, plight), signer),
    };
  };
}

/** The fields as a fault of content makes them: still genuinely signed. */
function told(
  fields: Record<string, string> & { total_amount: string },
  { main }: Plight,
): Record<string, string> {
  switch (main?.kind) {
    case 'wrong_amount':
      return { ...fields, total_amount: higherAmount(fields.total_amount) };
    case 'wrong_app_id':
      return { ...fields, app_id: OTHER_APP, auth_app_id: OTHER_APP };
    case 'wrong_merchant':
      return { ...fields, seller_id: OTHER_SELLER };
    case 'wrong_trade_no':
      return { ...fields, out_trade_no: `${fields.out_trade_no}X` };
    case 'status_word':
      return { ...fields, trade_status: main.word };
    default:
      return fields;
  }
}
