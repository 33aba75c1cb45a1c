import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createORPCClient } from '@orpc/client';
import type { ContractRouterClient } from '@orpc/contract';
import { OpenAPILink } from '@orpc/openapi-client/fetch';
import { toString as drawQr } from 'qrcode';
import { type Contract, contract } from '../contract/index.ts';
import { CHANNELS, type Channel } from '../contract/trade.ts';
import { type Clock, MINUTE, SECOND, sleep, systemClock } from '../ports/clock.ts';
import { startService } from './service-child.ts';

/**
 * The till's main job in a terminal: for each wallet an amount becomes a QR code, the sandbox's customer
 * pays it, the till says paid, a part goes back, and the wallet's own ledger agrees. Exit code 1, with the reason, otherwise.
 */
type Till = ContractRouterClient<Contract>;
type Say = (line?: string) => void;

const NAMES: Record<Channel, string> = { alipay: 'Alipay 支付宝', wechat: 'WeChat Pay 微信支付' };
const SALES: Record<Channel, { amountFen: number; subject: string }> = {
  alipay: { amountFen: 1_250, subject: '豆浆油条 Breakfast' },
  wechat: { amountFen: 3_800, subject: '牛肉面 Beef noodles' },
};
/** A payment is seen by the first poll, a few seconds after the code; this is for a very slow machine. */
const PAID_WITHIN_MS = 20 * SECOND;

/** What goes back of the first sale. */
const REFUND_FEN = 350;

interface LedgerRefund {
  refundNo: string;
  amountFen: number;
  status: string;
}

interface LedgerTrade {
  channel: string;
  tradeNo: string;
  paid: boolean;
  amountFen: number;
}

class Deviation extends Error {}

async function main(): Promise<void> {
  const clock = systemClock();
  const say: Say = (line = '') => process.stdout.write(`${line}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'mianfu-demo-'));
  const apiKey = randomBytes(24).toString('base64url');
  const env = { ...process.env, MIANFU_API_KEY: apiKey, MIANFU_LOG_LEVEL: 'warn' };
  const children: { stop(): Promise<void> }[] = [];
  const cancelTimeout = clock.after(MINUTE, () => {
    say('The demo did not end within a minute.');
    process.exit(1);
  });
  try {
    const sandbox = startService('sandbox', ['--port', '0', '--data', join(folder, 'wallets')], {
      clock,
      env,
    });
    children.unshift(sandbox);
    const wallets = await sandbox.listening;
    const backend = startService(
      'backend',
      ['--port', '0', '--data', join(folder, 'till'), '--sandbox', wallets],
      { clock, env },
    );
    children.unshift(backend);
    const origin = await backend.listening;
    const till: Till = createORPCClient(
      new OpenAPILink(contract, {
        url: `${origin}/api/v1`,
        headers: { authorization: `Bearer ${apiKey}` },
      }),
    );

    const { shopName, tillId } = await till.till.get();
    say(`${shopName}: till ${tillId}, charging against the built-in sandbox. No money moves.`);
    const sold: string[] = [];
    for (const channel of CHANNELS) sold.push(await sell({ till, wallets, channel, clock, say }));
    await compareTotals(till, wallets, say);
    await giveBackPart({ till, wallets, tradeNo: sold[0] ?? '', clock, say });
  } finally {
    cancelTimeout();
    for (const child of children) await child.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  say('Everything ended well.');
}

async function sell(sale: {
  till: Till;
  wallets: string;
  channel: Channel;
  clock: Clock;
  say: Say;
}): Promise<string> {
  const { till, wallets, channel, clock, say } = sale;
  const { amountFen, subject } = SALES[channel];
  const watching = new AbortController();
  const events = await till.events(undefined, { signal: watching.signal });

  const charge = await till.charges.create({ amountFen, subject, channels: [channel] });
  say();
  say(`${NAMES[channel]}   ¥${yuan(amountFen)}   ${subject}`);
  const code = await codeOf(till, charge.orderNo, clock);
  // Colours keep it black on white in a dark terminal too; a file or pipe gets plain text.
  const drawn = process.stdout.isTTY
    ? ({ type: 'terminal', small: true } as const)
    : ({ type: 'utf8' } as const);
  say(await drawQr(code, { ...drawn, errorCorrectionLevel: 'M' }));
  say('The customer scans the code …');
  await phone(wallets, 'scan', code);
  await phone(wallets, 'pay', code);
  say('… and pays on the phone. The till asks the wallet:');

  const cancelTimeout = clock.after(PAID_WITHIN_MS, () => watching.abort());
  let paid: { tradeNo: string; providerTradeNo: string | null; payer: string | null } | undefined;
  try {
    for await (const event of events) {
      if (event.type !== 'order.paid' || event.order.orderNo !== charge.orderNo) continue;
      paid = event.order.charge?.trades.find(({ state }) => state === 'paid');
      break;
    }
  } catch (error) {
    if (!watching.signal.aborted) throw error;
  } finally {
    cancelTimeout();
    watching.abort();
  }
  if (!paid)
    throw new Deviation(`The till did not see the payment of ${charge.orderNo} within ${PAID_WITHIN_MS} ms.`);
  const { tradeNo } = paid;

  const trade = (await ledger(wallets)).find((entry) => entry.tradeNo === tradeNo);
  if (!trade?.paid || trade.amountFen !== amountFen || trade.channel !== channel)
    throw new Deviation(`The wallet's ledger does not hold ${tradeNo} as paid with ${amountFen} fen.`);
  say(`✓ paid ¥${yuan(amountFen)} by ${NAMES[channel]}   order ${charge.orderNo}`);
  say(`  trade ${tradeNo}, the wallet's number ${paid.providerTradeNo}; its ledger agrees.`);
  return tradeNo;
}

/** Part of a payment goes back: the till's word, and the wallet's. */
async function giveBackPart(sale: {
  till: Till;
  wallets: string;
  tradeNo: string;
  clock: Clock;
  say: Say;
}): Promise<void> {
  const { till, wallets, tradeNo, clock, say } = sale;
  const { refundNo } = await till.refunds.create({ tradeNo, amountFen: REFUND_FEN, reason: '少做了一份' });
  say(`¥${yuan(REFUND_FEN)} of trade ${tradeNo} goes back as refund ${refundNo} …`);
  const startedAtMs = clock.monotonicMs();
  let refund = await till.refunds.get({ refundNo });
  while (refund.state !== 'succeeded' && clock.monotonicMs() - startedAtMs < PAID_WITHIN_MS) {
    await sleep(clock, 200);
    refund = await till.refunds.get({ refundNo });
  }
  const held = (await wholeLedger(wallets)).refunds.find((entry) => entry.refundNo === refundNo);
  if (refund.state !== 'succeeded' || held?.status !== 'SUCCESS' || held.amountFen !== REFUND_FEN)
    throw new Deviation(`The refund ${refundNo} is ${refund.state}, at the wallet ${held?.status}.`);
  const { trade } = await till.trades.get({ tradeNo });
  say(
    `✓ given back ¥${yuan(REFUND_FEN)}; ¥${yuan(trade.refundableFen)} could still go back. The wallet agrees.`,
  );
}

/** The code, as soon as the wallet has given it. */
async function codeOf(till: Till, orderNo: string, clock: Clock): Promise<string> {
  const startedAtMs = clock.monotonicMs();
  while (clock.monotonicMs() - startedAtMs < PAID_WITHIN_MS) {
    const order = await till.orders.get({ orderNo });
    const code = order.charge?.trades[0]?.codeUrl;
    if (code) return code;
    await sleep(clock, 200);
  }
  throw new Deviation(`No code for ${orderNo}.`);
}

async function compareTotals(till: Till, wallets: string, say: Say): Promise<void> {
  const today = await till.till.today();
  const held = (await ledger(wallets)).filter(({ paid }) => paid);
  const heldFen = held.reduce((sum, { amountFen }) => sum + amountFen, 0);
  say();
  say(
    `Today: ${today.paidCount} payments, ¥${yuan(today.paidFen)} by the till, ¥${yuan(heldFen)} by the wallets.`,
  );
  if (today.paidFen !== heldFen || today.paidCount !== held.length)
    throw new Deviation('The till and the wallets disagree.');
}

async function phone(wallets: string, act: 'scan' | 'pay', code: string): Promise<void> {
  const answer = await fetch(`${wallets}/phone/${act}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code }),
  });
  if (!answer.ok) throw new Deviation(`The phone could not ${act}: ${await answer.text()}`);
}

async function ledger(wallets: string): Promise<LedgerTrade[]> {
  return (await wholeLedger(wallets)).trades;
}

async function wholeLedger(wallets: string): Promise<{ trades: LedgerTrade[]; refunds: LedgerRefund[] }> {
  const answer = await fetch(`${wallets}/ledger`);
  return (await answer.json()) as { trades: LedgerTrade[]; refunds: LedgerRefund[] };
}

/** Fen as yuan, by moving the point through the text. */
function yuan(fen: number): string {
  return String(fen).padStart(3, '0').replace(/(..)$/, '.$1');
}

try {
  await main();
} catch (error) {
  process.stderr.write(`The demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
