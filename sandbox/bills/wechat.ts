import { fen, fenToYuan } from '../../backend/domain/money.ts';
import { alipayTime } from '../../wire/china-time.ts';
import type { BillEntry } from './entries.ts';

/** WeChat's usual charge for its service. */
const FEE_PERCENT_MILLI = 380;
const BOM = '\uFEFF';

const TRADE_COLUMNS =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注';
const TRADE_SUMMARY =
  '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';
const FLOW_COLUMNS =
  '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号';
const FLOW_SUMMARY = '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额';

interface Merchant {
  appId: string;
  mchId: string;
}

/** The fee of an amount, rounded to the next whole fen, half a fen up. */
export function feeFen(amountFen: number, percentMilli: number): number {
  return Math.floor((amountFen * percentMilli + 50_000) / 100_000);
}

/** The text of a trade bill of type ALL (protocol: bills). */
export function wechatTradeBill(entries: readonly BillEntry[], merchant: Merchant): string {
  const sum = { paid: 0, refunded: 0, fee: 0 };
  const rows = entries.map((entry) => {
    const isRefund = entry.kind === 'refund';
    const fee = (isRefund ? -1 : 1) * feeFen(entry.amountFen, FEE_PERCENT_MILLI);
    sum.fee += fee;
    if (isRefund) sum.refunded += entry.amountFen;
    else sum.paid += entry.amountFen;
    const paid = isRefund ? '0.00' : yuan(entry.amountFen);
    const refund = isRefund ? yuan(entry.amountFen) : '0.00';
    return row([
      alipayTime(entry.atMs),
      merchant.appId,
      merchant.mchId,
      '0',
      '',
      entry.providerTradeNo,
      entry.tradeNo,
      'oSandboxCustomer',
      'NATIVE',
      isRefund ? 'REFUND' : 'SUCCESS',
      'OTHERS',
      'CNY',
      paid,
      '0.00',
      entry.providerRefundNo ?? '0',
      entry.refundNo ?? '0',
      refund,
      '0.00',
      isRefund ? 'ORIGINAL' : '',
      isRefund ? 'SUCCESS' : '',
      entry.subject,
      '',
      `${yuan(fee)}000`,
      '0.38%',
      paid,
      refund,
      '',
    ]);
  });
  const [paid, refunded] = [yuan(sum.paid), yuan(sum.refunded)];
  const totals = row([String(entries.length), paid, refunded, '0.00', `${yuan(sum.fee)}000`, paid, refunded]);
  return `${BOM}${[TRADE_COLUMNS, ...rows, TRADE_SUMMARY, totals].join('\r\n')}\r\n`;
}

/** The text of a fund-flow bill of the basic account: each payment and refund, and the fee of each. */
export function wechatFundFlowBill(entries: readonly BillEntry[], merchant: Merchant): string {
  const sum = { income: 0, incomeCount: 0, expense: 0, expenseCount: 0 };
  let balance = 0;
  const rows = entries.flatMap((entry) => {
    const number = entry.providerRefundNo ?? entry.providerTradeNo;
    const movements = movementsOf(entry);
    return movements.map(([word, direction, amountFen], index) => {
      const isIncome = direction === '收入';
      balance += isIncome ? amountFen : -amountFen;
      if (isIncome) {
        sum.income += amountFen;
        sum.incomeCount += 1;
      } else {
        sum.expense += amountFen;
        sum.expenseCount += 1;
      }
      return row([
        alipayTime(entry.atMs),
        number,
        `${number}${index}`,
        word,
        word,
        direction,
        yuan(amountFen),
        yuan(balance),
        merchant.mchId,
        '',
        // Unconfirmed: what a refund's movement has for a voucher. It is not the merchant's number.
        entry.kind === 'refund' ? `REF${entry.providerTradeNo}` : entry.tradeNo,
      ]);
    });
  });
  const totals = row([
    String(rows.length),
    String(sum.incomeCount),
    yuan(sum.income),
    String(sum.expenseCount),
    yuan(sum.expense),
  ]);
  return `${BOM}${[FLOW_COLUMNS, ...rows, FLOW_SUMMARY, totals].join('\r\n')}\r\n`;
}

type Movement = readonly [word: string, direction: '收入' | '支出', amountFen: number];

/** What an entry moves on the merchant's account. */
function movementsOf({ kind, amountFen }: BillEntry): readonly Movement[] {
  const fee = feeFen(amountFen, FEE_PERCENT_MILLI);
  switch (kind) {
    case 'payment':
      return [
        ['交易', '收入', amountFen],
        ['扣除交易手续费', '支出', fee],
      ];
    case 'refund':
      return [
        ['退款', '支出', amountFen],
        ['退还手续费', '收入', fee],
      ];
    case 'withdrawal':
      return [['提现', '支出', amountFen]];
  }
}

function row(cells: readonly string[]): string {
  return cells.map((cell) => `\`${cell}`).join(',');
}

function yuan(amountFen: number): string {
  return `${amountFen < 0 ? '-' : ''}${fenToYuan(fen(Math.abs(amountFen)))}`;
}
