import type { Report } from '../../contract/report.ts';
import { CSV_START, csvRow } from '../domain/csv.ts';
import { type Fen, fenToYuan } from '../domain/money.ts';

type Lang = 'zh' | 'en';
type Row = Partial<Report['totals']> & { byChannel?: readonly ({ channel: string } & Row)[] };

const WORDS = {
  zh: {
    head: ['表', '项目', '收款（元）', '笔数', '退款（元）', '退款笔数'],
    total: '合计',
    previous: '对比期',
    hour: '按小时',
    day: '按日',
    channel: '按钱包',
    cashier: '按收银员',
    late: '迟到的付款',
    surplus: '重复付款',
    wait: '扫码到付款（秒）',
    nobody: '无人登录',
    channels: { alipay: '支付宝', wechat: '微信' } as Record<string, string>,
  },
  en: {
    head: ['table', 'item', 'takenYuan', 'count', 'refundedYuan', 'refundCount'],
    total: 'total',
    previous: 'compared with',
    hour: 'by hour',
    day: 'by day',
    channel: 'by wallet',
    cashier: 'by cashier',
    late: 'paid late',
    surplus: 'paid twice',
    wait: 'code to payment (seconds)',
    nobody: 'nobody signed in',
    channels: { alipay: 'Alipay', wechat: 'WeChat Pay' } as Record<string, string>,
  },
};

/** A report as a file that spreadsheets read: one row a figure, amounts in yuan. */
export function reportCsv(report: Report, lang: Lang): File {
  const words = WORDS[lang];
  const { totals, wait, previous } = report;
  const range = ({ from, to }: { from: string; to: string }) => (from === to ? from : `${from} – ${to}`);
  const rows = [
    row(words.total, range(report), totals),
    row(words.previous, range(previous), previous.totals),
    row(words.late, '', { paidFen: totals.lateFen, paidCount: totals.lateCount }),
    row(words.surplus, '', { paidFen: totals.surplusFen, paidCount: totals.surplusCount }),
    ...report.byDay.flatMap((each) => withChannels(words.day, each.day, each)),
    ...report.byHour.flatMap((each) => withChannels(words.hour, clock(each.hour), each)),
    ...report.byChannel.map((each) => row(words.channel, channelWord(each.channel), each)),
    ...report.byCashier.map((each) => row(words.cashier, each.name ?? words.nobody, each)),
    ...(wait ? [csvRow([words.wait, 'p50', wait.p50Ms / 1_000, wait.count, null, null])] : []),
    ...(wait ? [csvRow([words.wait, 'p95', wait.p95Ms / 1_000, wait.count, null, null])] : []),
  ];

  function withChannels(table: string, name: string, sums: Row): string[] {
    const parts = (sums.byChannel ?? []).map((part) =>
      row(table, `${name} ${channelWord(part.channel)}`, part),
    );
    return [row(table, name, sums), ...parts];
  }

  function channelWord(channel: string): string {
    return words.channels[channel] ?? channel;
  }

  const text = CSV_START + csvRow(words.head) + rows.join('');
  return new File([text], `takings-${report.from}-${report.to}.csv`, { type: 'text/csv;charset=utf-8' });
}

function row(table: string, name: string, sums: Row): string {
  const { paidFen, paidCount = null, refundedFen, refundedCount = null } = sums;
  return csvRow([table, name, yuan(paidFen), paidCount, yuan(refundedFen), refundedCount]);
}

function yuan(fen: number | undefined): string | null {
  return fen === undefined ? null : fenToYuan(fen as Fen);
}

function clock(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`;
}
