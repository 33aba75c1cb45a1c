import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvRow } from './csv.ts';

const cellOf = (cell: string) =>
  (parse(csvRow([cell, 'end']), { record_delimiter: '\r\n' }) as string[][])[0]?.[0];

test.each([
  "=cmd|' /C calc'!A0",
  '+1+1',
  '-2+3',
  '@SUM(A1)',
  '＝1+1',
  '＋1',
  '－1',
  '＠x',
  '\t=1',
  '\r=1',
  '\n=1',
])('%j is marked as text, so that no spreadsheet runs it', (text) => {
  expect(cellOf(text)).toBe(`'${text}`);
});

test.each(['4200000123456789', '000123', '12E10', '7e3'])(
  '%j keeps its digits in a spreadsheet',
  (number) => {
    expect(cellOf(number)).toBe(`${number}\t`);
  },
);

test.each([
  '12.50',
  '-2.50',
  '0.05',
  '0',
  '拿铁, "大"',
  'T0MW26112000000100000BAAAAAA',
  '2026-11-20T00:00:00.000+08:00',
  '',
])('%j stays as it is', (text) => {
  expect(cellOf(text)).toBe(text);
});

test('whatever a cell holds, it is one cell, and begins with nothing that a spreadsheet would run', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'=+-@＝",\r\n\t1a') }), (text) => {
      const found = cellOf(text) ?? '';
      expect(found.replace(/^'|\t$/g, '')).toBe(text.replace(/^'|\t$/g, ''));
      if (!/^-?\d+$/.test(found)) expect(found).not.toMatch(/^[=+\-@＝＋－＠\t\r\n]/);
    }),
  );
});
