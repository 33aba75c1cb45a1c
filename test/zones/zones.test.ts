import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

/** Minutes behind UTC, on the first day of 1970. */
const MACHINES = { UTC: 0, 'Pacific/Kiritimati': 640, 'Pacific/Pago_Pago': 660 };

const billsOf = (channel: string) => [
  {
    channel,
    day: '2026-11-19',
    open: 0,
    paidFen: 100,
    refundedFen: 50,
    rows: ['matched 2026-11-19T23:59:59.000+08:00', 'matched 2026-11-19T23:59:59.000+08:00'],
  },
  {
    channel,
    day: '2026-11-20',
    open: 0,
    paidFen: 2_000,
    refundedFen: 1_000,
    rows: ['matched 2026-11-20T00:00:00.000+08:00', 'matched 2026-11-20T00:00:00.000+08:00'],
  },
];

test.each(Object.entries(MACHINES))(
  'sales at 23:59:59.999 and 00:00 in store time are of the same day, bill and slip on a machine in %s',
  async (machine, offsetMinutes) => {
    const { stdout } = await run(
      process.execPath,
      [fileURLToPath(new URL('./midnight.ts', import.meta.url))],
      {
        env: { ...process.env, TZ: machine },
      },
    );
    expect(JSON.parse(stdout)).toEqual({
      offsetMinutes,
      days: ['2026-11-19', '2026-11-20'],
      paid: [
        [100, 100],
        [2_000, 2_000],
      ],
      today: 4_000,
      shift: ['2026-11-20T00:30:00.000+08:00', '2026-11-20T00:30:00.000+08:00'],
      bills: [...billsOf('wechat'), ...billsOf('alipay')],
    });
  },
);
