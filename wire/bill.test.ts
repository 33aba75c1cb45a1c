import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { alipayBillZip } from '../sandbox/bills/alipay.ts';
import type { BillEntry } from '../sandbox/bills/entries.ts';
import { wechatFundFlowBill, wechatTradeBill } from '../sandbox/bills/wechat.ts';
import { readAlipayBill, readAlipayBillZip } from './alipay-bill.ts';
import { BillError, type BillFault, type BillLine, type BillOf, billFen, billMilliFen } from './bill.ts';
import { gunzipped, hashChecked, unzipped } from './bill-packing.ts';
import { readWechatFundFlowBill, readWechatTradeBill } from './wechat-bill.ts';

const MERCHANT = { appId: 'wxtest0000000001', mchId: '1900000101' };
const DAY = '2026-11-20';
const OF = { merchantId: MERCHANT.mchId, day: DAY };
const SELLER = { merchantId: '2088', day: DAY };
const NOON_MS = Date.parse('2026-11-20T12:00:00+08:00');

/** Every amount is its own; names hold what breaks a naive reader. */
const entry = fc
  .record({
    isRefund: fc.boolean(),
    amountFen: fc.integer({ min: 1, max: 9_999_999 }),
    second: fc.integer({ min: 0, max: 40_000 }),
    subject: fc.constantFrom('拿铁,可颂 "大"', '气泡水', '=cmd', '外卖,`,`', '#1 套餐', ''),
    no: fc.stringMatching(/^[A-Z0-9]{26}$/),
  })
  .map(
    ({ isRefund, amountFen, second, subject, no }): BillEntry => ({
      kind: isRefund ? 'refund' : 'payment',
      tradeNo: no,
      providerTradeNo: `4200${no}`,
      refundNo: isRefund ? `R${no}` : null,
      providerRefundNo: isRefund ? `50${no}` : null,
      amountFen,
      totalFen: amountFen,
      atMs: NOON_MS + second * 1_000,
      subject,
    }),
  );
const entries = fc.array(entry, { minLength: 1, maxLength: 30 });
const pieceSize = fc.integer({ min: 1, max: 5_000 });

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function all(lines: AsyncIterable<BillLine[]>): Promise<BillLine[]> {
  const found: BillLine[] = [];
  for await (const batch of lines) found.push(...batch);
  return found;
}

async function drained(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of bytes);
}

function facts(line: BillLine | BillEntry) {
  const { kind, tradeNo, providerTradeNo, refundNo, amountFen, atMs } = line;
  return { kind, tradeNo, providerTradeNo, refundNo, amountFen, atMs };
}

async function faultOf(lines: AsyncIterable<BillLine[]>): Promise<BillFault | null> {
  try {
    await all(lines);
    return null;
  } catch (error) {
    if (error instanceof BillError) return error.fault;
    throw error;
  }
}

describe('a bill comes back line by line, wherever the network cuts it', () => {
  test('WeChat, trades, packed and hashed', async () => {
    await fc.assert(
      fc.asyncProperty(entries, pieceSize, async (wanted, size) => {
        const text = Buffer.from(wechatTradeBill(wanted, MERCHANT));
        const hash = createHash('sha1').update(text).digest('hex').toUpperCase();
        const packed = inPieces(gzipSync(text), size);
        const lines = await all(readWechatTradeBill(hashChecked(gunzipped(packed), hash), OF));
        expect(lines.map(facts)).toEqual(wanted.map(facts));
        expect(lines.map(({ row }) => row)).toEqual(wanted.map((_, index) => index + 1));
      }),
      { numRuns: 60 },
    );
  });

  test('Alipay, a zip of GBK files whose names are GBK', async () => {
    await fc.assert(
      fc.asyncProperty(entries, pieceSize, async (wanted, size) => {
        const lines = await all(
          readAlipayBillZip(inPieces(alipayBillZip(wanted, '2088', DAY), size), SELLER),
        );
        expect(lines.map(facts)).toEqual(wanted.map(facts));
      }),
      { numRuns: 60 },
    );
  });

  test('WeChat, movements: each payment and refund has its fee beside it', async () => {
    const wanted = fc.sample(entries, 1)[0] ?? [];
    const bytes = Buffer.from(wechatFundFlowBill(wanted, MERCHANT));
    const lines = await all(readWechatFundFlowBill(inPieces(bytes, 100), OF));
    expect(
      lines.filter(({ kind }) => kind === 'payment' || kind === 'refund').map((line) => line.amountFen),
    ).toEqual(wanted.map(({ amountFen }) => amountFen));
    const fees = lines.filter(({ kind }) => kind === 'fee');
    expect(fees).toHaveLength(wanted.length);
    for (const [index, { kind, amountFen }] of wanted.entries()) {
      const fee = Math.round(amountFen * 0.0038) * 1_000;
      expect(
        Math.abs((fees[index]?.feeMilliFen ?? 0) - (kind === 'refund' ? -fee : fee)),
      ).toBeLessThanOrEqual(1_000);
    }
  });
});

describe('a bill that is not whole is refused', () => {
  const wanted: BillEntry[] = Array.from({ length: 50 }, (_, index) => ({
    kind: 'payment',
    tradeNo: `T${index}`,
    providerTradeNo: `4200${index}`,
    refundNo: null,
    providerRefundNo: null,
    amountFen: 100 + index,
    totalFen: 100 + index,
    atMs: NOON_MS,
    subject: '拿铁',
  }));

  test('wherever WeChat’s text is cut off', async () => {
    const bytes = Buffer.from(wechatTradeBill(wanted, MERCHANT));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: bytes.length - 60 }), async (cut) => {
        expect(['truncated', 'format']).toContain(
          await faultOf(readWechatTradeBill(inPieces(bytes.subarray(0, cut), 500), OF)),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('wherever the zip is cut off before its directory', async () => {
    const zip = Buffer.from(alipayBillZip(wanted, '2088', DAY));
    const end = zip.indexOf('PK', 4);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: end - 8 }), async (cut) => {
        expect(['truncated', 'format']).toContain(
          await faultOf(readAlipayBillZip(inPieces(zip.subarray(0, cut), 64), SELLER)),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('with a row left out, a wrong hash, another format, or nothing in it', async () => {
    const text = wechatTradeBill(wanted, MERCHANT);
    const rows = text.split('\r\n');
    rows.splice(10, 1);
    expect(await faultOf(readWechatTradeBill(inPieces(Buffer.from(rows.join('\n')), 500), OF))).toBe(
      'truncated',
    );
    const bytes = Buffer.from(text);
    expect(await faultOf(readWechatTradeBill(hashChecked(inPieces(bytes, 500), '0'.repeat(40)), OF))).toBe(
      'hash',
    );
    expect(await faultOf(readWechatTradeBill(gunzipped(inPieces(bytes, 500)), OF))).toBe('truncated');
    expect(await faultOf(readAlipayBill(inPieces(bytes, 500), SELLER))).toBe('format');
    expect(await faultOf(readAlipayBillZip(inPieces(bytes, 500), SELLER))).toBe('format');
    expect(await faultOf(readWechatTradeBill(inPieces(Buffer.from(''), 1), OF))).toBe('format');
  });

  test('whose line has no end, or which unpacks without measure', async () => {
    const endless = inPieces(Buffer.alloc(200_000, 'x'), 10_000);
    expect(await faultOf(readWechatTradeBill(endless, OF))).toBe('too_large');
    const bomb = gzipSync(Buffer.alloc(4 * 1024 * 1024));
    await expect(drained(gunzipped(inPieces(bomb, 500), 1024 * 1024))).rejects.toMatchObject({
      fault: 'too_large',
    });
    const zipBomb = zipSync({ 'a.csv': new Uint8Array(4 * 1024 * 1024) });
    await expect(drained(unzipped(inPieces(zipBomb, 500), () => true, 1024 * 1024))).rejects.toMatchObject({
      fault: 'too_large',
    });
    const wrongZip = unzipped(inPieces(Buffer.from(alipayBillZip(wanted, '2088', DAY)), 99), () => false);
    await expect(wrongZip.next()).rejects.toMatchObject({ fault: 'format' });
  });
});

describe('a bill of somebody or some day else is refused', () => {
  const at = (atMs: number, no: string): BillEntry => ({
    kind: 'payment',
    tradeNo: no,
    providerTradeNo: `4200${no}`,
    refundNo: null,
    providerRefundNo: null,
    amountFen: 100,
    totalFen: 100,
    atMs,
    subject: '拿铁',
  });
  const DAY_MS = 86_400_000;
  const bills = {
    wechat: (entries: BillEntry[], of: BillOf) =>
      readWechatTradeBill(inPieces(Buffer.from(wechatTradeBill(entries, MERCHANT)), 500), of),
    movements: (entries: BillEntry[], of: BillOf) =>
      readWechatFundFlowBill(inPieces(Buffer.from(wechatFundFlowBill(entries, MERCHANT)), 500), of),
    alipay: (entries: BillEntry[], of: BillOf) =>
      readAlipayBillZip(inPieces(alipayBillZip(entries, MERCHANT.mchId, DAY), 500), of),
  };

  test.each(Object.entries(bills))('%s: the day before’s, and a month’s, for one day’s', async (_, read) => {
    const yesterday = [1, 2, 3].map((n) => at(NOON_MS - DAY_MS + n, `T${n}`));
    expect(await faultOf(read(yesterday, OF))).toBe('other_day');
    const month = Array.from({ length: 30 }, (_each, n) => at(NOON_MS + n * DAY_MS, `T${n}`));
    expect(await faultOf(read(month, OF))).toBe('other_day');
  });

  test.each(Object.entries(bills))(
    '%s: not because a payment beside midnight has another clock',
    async (_, read) => {
      const midnight = [at(NOON_MS, 'T1'), at(NOON_MS, 'T2'), at(NOON_MS + DAY_MS / 2 + 3_000, 'T3')];
      expect(await faultOf(read(midnight, OF))).toBeNull();
    },
  );

  test('Alipay’s, by the day in its head, also where nothing was sold', async () => {
    const of = { ...OF, day: '2026-11-19' };
    expect(await faultOf(bills.alipay([{ ...at(NOON_MS, 'T1'), kind: 'refund', refundNo: 'R1' }], of))).toBe(
      'other_day',
    );
  });

  test.each(['wechat', 'alipay'] as const)('%s: another merchant’s', async (channel) => {
    const sale = [at(NOON_MS, 'T1')];
    expect(await faultOf(bills[channel](sale, { ...OF, merchantId: '1900000199' }))).toBe('other_merchant');
    expect(await faultOf(bills[channel](sale, OF))).toBeNull();
    expect(await faultOf(bills[channel](sale, { day: DAY }))).toBeNull();
  });

  test('and so is a zip that holds two, of which one would pass for both', async () => {
    const bill = new Uint8Array(Buffer.from('bill'));
    const of = (files: Record<string, Uint8Array>) =>
      drained(unzipped(inPieces(zipSync(files), 50), (name) => name.endsWith('.csv')));
    await expect(of({ 'a.csv': bill, '../b.csv': bill })).rejects.toMatchObject({ fault: 'format' });
    // What a Mac packs beside each file is no bill.
    await of({ 'a.csv': bill, '__MACOSX/._a.csv': bill, 'a.txt': bill });
  });
});

describe('money on a bill', () => {
  test('has a sign, and up to five decimals where it is a fee', () => {
    expect([billFen('-10.00'), billFen('-0.00'), billFen('1.10000'), billMilliFen('0.01234')]).toEqual([
      -1_000, 0, 110, 1_234,
    ]);
  });

  test.each(['', '1,000.00', '0.001', '1e3', '１.00', ' 1.00', '1.', '.5', 'NaN', '12345678901.00'])(
    '%j is refused',
    (yuan) => {
      expect(() => billFen(yuan)).toThrow(BillError);
    },
  );
});
