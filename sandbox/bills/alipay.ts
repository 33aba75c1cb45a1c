import { zipSync } from 'fflate';
import iconv from 'iconv-lite';
import { fen, fenToYuan } from '../../backend/domain/money.ts';
import { alipayTime } from '../../wire/china-time.ts';
import type { BillEntry } from './entries.ts';
import { feeFen } from './wechat.ts';

/** Alipay's usual charge for its service. */
const FEE_PERCENT_MILLI = 600;

const COLUMNS =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注';

/** The zip of the two files that Alipay gives for a day: texts and names in GBK (protocol: bills). */
export function alipayBillZip(entries: readonly BillEntry[], sellerId: string, day: string): Uint8Array {
  const name = `${sellerId}0156_${day.replaceAll('-', '')}_业务明细`;
  return zipNamedInGbk({
    [`${name}.csv`]: detail(entries, sellerId, day),
    [`${name}(汇总).csv`]: summary(entries, sellerId, day),
  });
}

/** The library would write names as UTF-8: stand-ins of the same length are replaced in what it made. */
function zipNamedInGbk(files: Record<string, string>): Uint8Array {
  const named = Object.entries(files).map(([name, text], index) => {
    const bytes = iconv.encode(name, 'gbk');
    return { bytes, standIn: String(index).repeat(bytes.length), content: iconv.encode(text, 'gbk') };
  });
  const zip = Buffer.from(
    zipSync(Object.fromEntries(named.map(({ standIn, content }) => [standIn, new Uint8Array(content)]))),
  );
  for (const { bytes, standIn } of named)
    for (let at = zip.indexOf(standIn); at >= 0; at = zip.indexOf(standIn)) bytes.copy(zip, at);
  return zip;
}

function detail(entries: readonly BillEntry[], sellerId: string, day: string): string {
  const rows = entries.map((entry) => {
    const sign = entry.kind === 'refund' ? -1 : 1;
    const amount = yuan(sign * entry.amountFen);
    const fee = yuan(-sign * feeFen(entry.amountFen, FEE_PERCENT_MILLI));
    const at = alipayTime(entry.atMs);
    return [
      `${entry.providerTradeNo}\t`,
      `${entry.tradeNo}\t`,
      entry.kind === 'refund' ? '退款' : '交易',
      quoted(entry.subject),
      at,
      at,
      '\t',
      '\t',
      '\t',
      '\t',
      '沙*(139******00)\t',
      amount,
      amount,
      '0.00',
      '0.00',
      '0.00',
      '0.00',
      '0.00',
      '',
      '0.00',
      '0.00',
      `${entry.refundNo ?? ''}\t`,
      fee,
      '0.00',
      '',
    ].join(',');
  });
  const of = (kind: BillEntry['kind']) => entries.filter((entry) => entry.kind === kind);
  return lines([
    ...head('业务明细查询', sellerId, day),
    '#-----------------------------------------业务明细列表----------------------------------------',
    COLUMNS,
    ...rows,
    '#-----------------------------------------业务明细列表结束------------------------------------',
    `#交易合计：${of('payment').length}笔，商家实收共${total(of('payment'))}元，商家优惠共0.00元`,
    `#退款合计：${of('refund').length}笔，商家实收退款共-${total(of('refund'))}元，商家优惠退款共0.00元`,
    `#导出时间：[${day} 23:59:59]`,
  ]);
}

function summary(entries: readonly BillEntry[], sellerId: string, day: string): string {
  const of = (kind: BillEntry['kind']) => entries.filter((entry) => entry.kind === kind);
  return lines([
    ...head('业务汇总查询', sellerId, day),
    '#-----------------------------------------业务汇总列表----------------------------------------',
    '门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）',
    `合计\t,\t,${of('payment').length},${of('refund').length},${total(of('payment'))}`,
    '#-----------------------------------------业务汇总列表结束------------------------------------',
  ]);
}

function head(title: string, sellerId: string, day: string): string[] {
  const [year, month, date] = day.split('-');
  const chinese = `${year}年${month}月${date}日`;
  return [
    `#支付宝${title}`,
    `#账号：[${sellerId}0156]`,
    `#起始日期：[${chinese} 00:00:00]   终止日期：[${chinese} 23:59:59]`,
  ];
}

function total(entries: readonly BillEntry[]): string {
  return yuan(entries.reduce((sum, entry) => sum + entry.amountFen, 0));
}

function quoted(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function lines(texts: readonly string[]): string {
  return `${texts.join('\r\n')}\r\n`;
}

function yuan(amountFen: number): string {
  return `${amountFen < 0 ? '-' : ''}${fenToYuan(fen(Math.abs(amountFen)))}`;
}
