import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { SimClock } from '../../ports/sim-clock.ts';
import { storeDays } from '../domain/store-time.ts';
import { openMemoryDatabase } from '../store/database.ts';
import { createStore } from '../store/store.ts';
import { createKeptHours } from './kept-hours.ts';
import { reportCsv } from './report-csv.ts';
import { createReports } from './reports.ts';
import { writeRefund, writeSale } from './test-takings.ts';

const NOW = Date.parse('2026-11-21T14:32:10.000+08:00');

async function file(lang: 'zh' | 'en') {
  const store = createStore(openMemoryDatabase());
  const days = storeDays('Asia/Shanghai');
  const hours = createKeptHours({ store, days, endOfTurn: (task) => queueMicrotask(task) });
  store.people.insert({ personId: 'P1', name: '=HYPERLINK("x")', role: 'cashier', pin: 'x', createdAtMs: 1 });
  const sale = { channel: 'alipay', waitMs: 9_400, cashier: 'P1' } as const;
  writeSale(store, { ...sale, n: 1, amountFen: 1_250, paidAtMs: NOW });
  writeSale(store, { ...sale, n: 2, amountFen: 5, paidAtMs: NOW, cashier: null, channel: 'wechat' });
  writeRefund(store, { ...sale, n: 1, amountFen: 1_250, paidAtMs: NOW }, 'REFUND-1', 250, NOW);
  const reports = createReports({ store, clock: new SimClock(NOW), days, hours });
  return reportCsv(await reports.report({ period: 'today' }), lang);
}

const rowsOf = async (made: File) => {
  const bytes = Buffer.from(await made.arrayBuffer());
  return { bytes, rows: parse(bytes, { bom: true, record_delimiter: '\r\n' }) as string[][] };
};

test('a report’s file is UTF-8 that a spreadsheet knows as such, amounts in yuan, each table with the total', async () => {
  const made = await file('zh');
  const { bytes, rows } = await rowsOf(made);
  expect(made.name).toBe('takings-2026-11-21-2026-11-21.csv');
  expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  expect(rows[0]).toEqual(['表', '项目', '收款（元）', '笔数', '退款（元）', '退款笔数']);
  expect(rows[1]).toEqual(['合计', '2026-11-21', '12.55', '2', '2.50', '1']);
  expect(rows).toContainEqual(['按小时', '14:00', '12.55', '2', '2.50', '1']);
  expect(rows).toContainEqual(['按小时', '14:00 支付宝', '12.50', '1', '2.50', '1']);
  expect(rows).toContainEqual(['按日', '2026-11-21', '12.55', '2', '2.50', '1']);
  expect(rows).toContainEqual(['按钱包', '微信', '0.05', '1', '0.00', '0']);
  expect(rows).toContainEqual(['按收银员', '无人登录', '0.05', '1', '', '']);
  expect(rows).toContainEqual(['扫码到付款（秒）', 'p95', '9', '2', '', '']);
  expect(rows.filter(([table]) => table === '按小时').length).toBeGreaterThanOrEqual(24);
});

test('a name that a spreadsheet would run as a formula is marked as text', async () => {
  const { rows } = await rowsOf(await file('en'));
  expect(rows[0]?.[0]).toBe('table');
  expect(rows).toContainEqual(['by cashier', `'=HYPERLINK("x")`, '12.50', '1', '', '']);
  for (const cell of rows.flat()) expect(cell).not.toMatch(/^[=+@\t\r]/);
});
