import { z } from 'zod';
import type { Clock } from '../ports/clock.ts';
import type { HttpClient } from '../ports/http.ts';
import type { Log } from '../ports/log.ts';
import { type Random, randomText } from '../ports/random.ts';
import { alipayTime } from '../wire/china-time.ts';
import { AlipayGateway } from './alipay/gateway.ts';
import { BillDesk } from './bills/desk.ts';
import { type Controls, control, type Rotation } from './control.ts';
import { ArmedFaults } from './faults/armed.ts';
import { controlError, type SandboxReply, type SandboxRequest, splitPath } from './http.ts';
import {
  createIdentity,
  type Identity,
  identityShape,
  nextPlatformCertificate,
} from './identity/identity.ts';
import { Ledger, type LedgerChannel, ledgerShape } from './ledger/ledger.ts';
import { createPayouts } from './ledger/payouts.ts';
import { notificationShape } from './notifications/notification.ts';
import { createNotifier } from './notifications/notifier.ts';
import { freshNotificationId, notificationWriter } from './notifications/write.ts';
import { DataFolder, Saver } from './store.ts';
import { WechatApi } from './wechat/api.ts';

const IDENTITY_FILE = 'identity.json';
const LEDGER_FILE = 'ledger.json';
const DIGITS = '0123456789';
const LOOPBACK_HOSTS = ['127.0.0.1', 'localhost', '[::1]'];

/** The ledger and what its payments have yet to tell stand in one file: one is never without the other. */
const keptShape = ledgerShape.extend({ notifications: z.array(notificationShape).default([]) });

interface SandboxExchange {
  channel: LedgerChannel;
  operation: string;
  tradeNo: string | null;
  /** The wallet's own word: `10000`, `OK`, `ACQ.…`, `ORDER_CLOSED`. */
  code: string;
  fault: string | null;
}

export interface SandboxOptions {
  clock: Clock;
  random: Random;
  log: Log;
  /** Keeps identity and ledger there; absent: in memory alone. */
  dataDir?: string | undefined;
  /** Its address when a request carries no usable Host, e.g. `http://127.0.0.1:8790`. */
  publicOrigin: string;
  /** Host names beside loopback under which requests are accepted; `*` takes any. */
  allowedHosts?: readonly string[];
  /** Keys made earlier, so that many sandboxes in one process share the work. Not with `dataDir`. */
  identity?: Identity;
  onExchange?: (exchange: SandboxExchange) => void;
  /** The network on which notifications go out; whoever gives it closes it. Absent: nothing is sent. */
  http?: HttpClient;
  /** How many times faster than the wallets' an unacknowledged notification is repeated; default 1. */
  notifyScale?: number;
  /** Told of each post of a notification. */
  onNotified?: (sent: { channel: LedgerChannel; outcome: string; fault: string | null }) => void;
}

/** Both wallets, a customer's phone and the fault controls, without sockets. */
export interface Sandbox {
  /**
   * Answers one request. Changes are durable (with a data folder) before this resolves, also when the reply
   * is silence. Rejects only on a bug or a data folder that cannot be written.
   */
  handle(request: SandboxRequest): Promise<SandboxReply>;
  readonly ledger: Ledger;
  readonly faults: ArmedFaults;
  readonly bills: BillDesk;
  identity(): Identity;
  /**
   * Ends delays and notifications that are under way, without an answer; what is not acknowledged is sent
   * again after a restart. Resolves when everything is on disk.
   */
  stop(): Promise<void>;
}

/** Throws `StartError` when the data folder cannot be used or a file in it is damaged. */
export async function createSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { clock, random, log } = options;
  const folder = options.dataDir === undefined ? null : await DataFolder.open(options.dataDir);
  const known = (await folder?.read(IDENTITY_FILE, identityShape)) ?? null;
  let identity = known ?? options.identity ?? (await createIdentity({ nowMs: clock.nowMs(), random }));
  if (!known) await folder?.write(IDENTITY_FILE, identity);

  const kept = await folder?.read(LEDGER_FILE, keptShape);
  const saver = new Saver(async () =>
    folder?.write(LEDGER_FILE, { ...ledger.snapshot(), notifications: notifier.snapshot() }),
  );
  const ledger = new Ledger({
    nowMs: () => clock.nowMs(),
    freshNo: (channel) => freshProviderNo(channel, clock.nowMs(), random),
    onChange: () => saver.changed(),
    onPaid: (trade) => notifier.paid(trade),
    onRefund(refund, trade) {
      payouts.schedule(refund);
      notifier.refunded(refund, trade);
    },
    snapshot: kept ?? undefined,
  });
  const payouts = createPayouts(clock, ledger);
  payouts.scheduleAll();
  const faults = new ArmedFaults();
  const stopping = new AbortController();
  const notifier = createNotifier({
    clock,
    log,
    http: options.http,
    faults,
    scale: options.notifyScale ?? 1,
    kept: kept?.notifications ?? [],
    changed() {
      saver.changed();
      saver.saved().catch((error: unknown) => log.error({ err: error }, 'notifications not saved'));
    },
    saved: () => saver.saved(),
    freshId: (trade) => freshNotificationId(trade, clock.nowMs(), random),
    write: notificationWriter({ ledger, identity: () => identity, clock, random }),
    onSend({ notification: { channel, tradeNo, id }, status, why, fault }) {
      log.debug({ channel, tradeNo, id, status, why, fault }, 'wallet notified');
      options.onNotified?.({ channel, outcome: why ?? 'acknowledged', fault });
    },
    stopping: stopping.signal,
  });
  const tell = (channel: LedgerChannel) => (exchange: Omit<SandboxExchange, 'channel'>) => {
    log.debug({ channel, ...exchange }, 'wallet answered');
    options.onExchange?.({ channel, ...exchange });
  };
  const bills = new BillDesk({ ledger, identity: () => identity, nowMs: () => clock.nowMs(), random });
  const wallets = { ledger, bills, faults, clock, random, stopping: stopping.signal };
  const alipay = new AlipayGateway({ ...wallets, identity, onExchange: tell('alipay') });
  const wechat = new WechatApi({ ...wallets, identity: () => identity, onExchange: tell('wechat') });
  const controls: Controls = {
    ledger,
    bills,
    faults,
    notifier,
    payouts,
    freshRefundNo: () => randomText(random, DIGITS, 24),
    identity: () => identity,
    async rotate(to) {
      const next = await rotated(identity, to, { nowMs: clock.nowMs(), random });
      if (typeof next === 'string') return next;
      await folder?.write(IDENTITY_FILE, next);
      identity = next;
      return null;
    },
  };
  const accepts = hostCheck(options.allowedHosts ?? [], options.publicOrigin);

  async function answered(request: SandboxRequest): Promise<SandboxReply> {
    const { pathname } = splitPath(request.path);
    const host = request.headers.host ?? new URL(options.publicOrigin).host;
    if (!accepts(host))
      return controlError(421, 'host_refused', 'This host name is not served here. See --allowed-hosts.');
    const { origin } = request.headers;
    if (origin !== undefined && origin !== `http://${host}`)
      return controlError(403, 'origin_refused', 'Pages of another origin may not use the sandbox.');
    if (pathname === '/alipay/gateway.do' && ['GET', 'POST'].includes(request.method))
      return alipay.handle(request);
    if (pathname === '/alipay/bill.zip' && request.method === 'GET')
      return alipay.download(splitPath(request.path).query);
    if (pathname.startsWith('/alipay/')) return alipay.notFound();
    if (pathname.startsWith('/v3/')) return wechat.handle(request);
    return control(controls, request, `http://${host}`);
  }

  return {
    ledger,
    faults,
    bills,
    identity: () => identity,
    async handle(request) {
      const reply = await answered(request);
      await saver.saved();
      return reply;
    },
    async stop() {
      stopping.abort();
      payouts.stop();
      await notifier.stop();
      await saver.saved();
    },
  };
}

async function rotated(
  identity: Identity,
  to: Rotation,
  ports: { nowMs: number; random: Random },
): Promise<Identity | string> {
  const { wechat } = identity;
  const withWechat = (change: Partial<Identity['wechat']>) => ({
    ...identity,
    wechat: { ...wechat, ...change },
  });
  switch (to) {
    case 'next_certificate':
      if (wechat.platform.length > 1) return 'A rotation is under way. Retire the old certificate first.';
      return withWechat({ platform: [...wechat.platform, await nextPlatformCertificate(identity, ports)] });
    case 'retire_old_certificate':
      if (wechat.platform.length < 2) return 'There is only one certificate. Rotate to the next first.';
      return withWechat({ platform: wechat.platform.slice(-1) });
    case 'public_key_only':
      return withWechat({ publicKeyOnly: true });
    case 'certificates':
      return withWechat({ publicKeyOnly: false });
  }
}

/** 28 digits, as the real ones look: Alipay's begin with the day, WeChat's with 4200. */
function freshProviderNo(channel: LedgerChannel, nowMs: number, random: Random): string {
  const day = alipayTime(nowMs).slice(0, 10).replaceAll('-', '');
  return channel === 'alipay'
    ? `${day}2200${randomText(random, DIGITS, 16)}`
    : `4200${randomText(random, DIGITS, 6)}${day}${randomText(random, DIGITS, 10)}`;
}

/** A page that rebinds its name to loopback still sends that name as Host. */
function hostCheck(allowed: readonly string[], publicOrigin: string): (host: string) => boolean {
  if (allowed.includes('*')) return () => true;
  const names = new Set([...LOOPBACK_HOSTS, ...allowed, new URL(publicOrigin).hostname]);
  return (host) => names.has(host.replace(/:\d{1,5}$/, '').toLowerCase());
}
