import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { HOUR, MINUTE, SECOND } from '../../ports/clock.ts';
import { ALPHANUMERIC, type Random, randomText } from '../../ports/random.ts';
import type { Identity } from '../identity/identity.ts';
import type { Ledger, LedgerChannel } from '../ledger/ledger.ts';
import { alipayBillZip } from './alipay.ts';
import { type BillEntry, type BillSeed, billDayBounds, billEntries } from './entries.ts';
import { wechatFundFlowBill, wechatTradeBill } from './wechat.ts';

const DAY = 24 * HOUR;
/** WeChat keeps bills for three months. */
const KEPT_MS = 92 * DAY;
/** How long after the day's end its bill is ready, and how long a bill can be fetched once it is named. */
const READY_AFTER_MS: Record<LedgerChannel, number> = { alipay: 9 * HOUR, wechat: 10 * HOUR };
const TOKEN_LIFE_MS: Record<LedgerChannel, number> = { alipay: 30 * SECOND, wechat: 5 * MINUTE };
/** Bills that wait to be fetched, and differences, at the most. */
const TOKENS_MAX = 100;
const SEEDS_MAX = 100_000;

export type BillKind = 'trade' | 'fund_flow';

interface Waiting {
  channel: LedgerChannel;
  untilMs: number;
  bytes: Uint8Array;
}

/** A bill that can be fetched by its token, with the SHA-1 (hexadecimal) of what is inside. */
export interface IssuedBill {
  token: string;
  sha1: string;
}

/** Where both wallets write their bills: of a day that is over, from the ledger, once they are ready. */
export class BillDesk {
  readonly #options: { ledger: Ledger; identity: () => Identity; nowMs: () => number; random: Random };
  readonly #waiting = new Map<string, Waiting>();
  readonly #seeds: BillSeed[] = [];
  /** How much sooner bills are ready than at the wallets. */
  #soonerMs = 0;

  constructor(options: { ledger: Ledger; identity: () => Identity; nowMs: () => number; random: Random }) {
    this.#options = options;
  }

  hasten(ms: number): void {
    this.#soonerMs += ms;
  }

  /** False when there are too many. */
  seed(seeds: readonly BillSeed[]): boolean {
    if (this.#seeds.length + seeds.length > SEEDS_MAX) return false;
    this.#seeds.push(...seeds);
    return true;
  }

  /** Forgets the differences; returns how many there were. */
  clear(): number {
    return this.#seeds.splice(0).length;
  }

  /** Writes the bill of a day; `day` is wrong, `early` it is not ready, `gone` too old, `empty` nothing happened. */
  issue(
    channel: LedgerChannel,
    day: string,
    how: { kind: BillKind; isPacked: boolean },
  ): IssuedBill | 'day' | 'early' | 'gone' | 'empty' {
    const bounds = billDayBounds(day);
    if (!bounds) return 'day';
    const nowMs = this.#options.nowMs() + this.#soonerMs;
    if (nowMs < bounds.endMs + READY_AFTER_MS[channel]) return 'early';
    if (nowMs > bounds.endMs + KEPT_MS) return 'gone';
    const seeds = this.#seeds.filter((seed) => seed.channel === channel && seed.day === day);
    const entries = billEntries(this.#options.ledger.snapshot(), seeds, channel, bounds).filter(
      ({ kind }) => kind !== 'withdrawal' || how.kind === 'fund_flow',
    );
    if (entries.length === 0) return 'empty';
    const bytes = this.#written(channel, day, how.kind, entries);
    const sha1 = createHash('sha1').update(bytes).digest('hex');
    const token = randomText(this.#options.random, ALPHANUMERIC, 40);
    this.#forget();
    this.#waiting.set(token, {
      channel,
      untilMs: this.#options.nowMs() + TOKEN_LIFE_MS[channel],
      bytes: how.isPacked ? gzipSync(bytes) : bytes,
    });
    return { token, sha1 };
  }

  /** The bytes behind a token; null when it is unknown or its time is over. */
  fetch(channel: LedgerChannel, token: string): Uint8Array | null {
    const waiting = this.#waiting.get(token);
    if (waiting?.channel !== channel || waiting.untilMs < this.#options.nowMs()) return null;
    return waiting.bytes;
  }

  #written(channel: LedgerChannel, day: string, kind: BillKind, entries: readonly BillEntry[]): Uint8Array {
    const { alipay, wechat } = this.#options.identity();
    if (channel === 'alipay') return alipayBillZip(entries, alipay.sellerId, day);
    const write = kind === 'trade' ? wechatTradeBill : wechatFundFlowBill;
    return Buffer.from(write(entries, wechat), 'utf8');
  }

  #forget(): void {
    const nowMs = this.#options.nowMs();
    for (const [token, { untilMs }] of this.#waiting)
      if (untilMs < nowMs || this.#waiting.size >= TOKENS_MAX) this.#waiting.delete(token);
  }
}
