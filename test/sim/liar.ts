import { createPrivateKey } from 'node:crypto';
import { type Fen, fenToYuan } from '../../backend/domain/money.ts';
import { writeAlipayNotification } from '../../wire/alipay-notification.ts';
import { alipayTime } from '../../wire/china-time.ts';
import { parseFrame, RelayFrame } from '../../wire/relay.ts';
import type { Chance } from './random.ts';
import { count } from './tally.ts';
import type { World } from './world.ts';

type Delivery = Extract<RelayFrame, { type: 'delivery' }>;

/** A relay that serves an enemy: it has every byte that passes, for every till, and no wallet's key. */
export interface Liar {
  /** Sees, changes, holds back and invents what a till is sent. */
  between(send: (text: string) => void): (text: string) => void;
  /** Says to a wallet that it has what it throws away. */
  swallows(): boolean;
}

const LIES = {
  truth: 6,
  drop: 1,
  truncate: 1,
  flip: 2,
  other_headers: 1,
  other_time: 1,
  other_body: 1,
  other_channel: 1,
  replay: 2,
  forge: 2,
  hold: 1,
  flood: 0.3,
} as const;

const FLOOD = 20;
/** Bytes at the beginning of a body, which are the same whatever the keys: a replay is exact. */
const BEGINNING = 24;

export function createLiar(world: World, chance: Chance): Liar {
  /** All that ever passed, of every till. */
  const seen: Delivery[] = [];
  let held: Delivery | null = null;
  let invented = 1_000_000;

  const another = () => (seen.length === 0 ? undefined : chance.pick(seen));
  const anew = (delivery: Delivery): Delivery => {
    invented += 1;
    return { ...delivery, seq: invented, id: `${delivery.id.slice(0, 40)}-${invented}` };
  };

  function flipped(body: string): string {
    const bytes = Buffer.from(body, 'base64');
    const at = chance.int(0, Math.min(BEGINNING, bytes.length) - 1);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.int(0, 6));
    return bytes.toString('base64');
  }

  /** An Alipay form that says that a trade which nobody paid was paid, signed with a key of his own. */
  function forged(like: Delivery): Delivery | undefined {
    const unpaid = world.sandbox.ledger
      .snapshot()
      .trades.filter(({ channel, paidAtMs }) => channel === 'alipay' && paidAtMs === null);
    if (unpaid.length === 0) return undefined;
    const { tradeNo, amountFen } = chance.pick(unpaid);
    const { alipay, wechat } = world.sandbox.identity();
    const fields = {
      notify_time: alipayTime(world.time.nowMs()),
      notify_type: 'trade_status_sync',
      notify_id: 'forged',
      app_id: alipay.appId,
      seller_id: alipay.sellerId,
      trade_no: '2026112122000000000000000000',
      out_trade_no: tradeNo,
      trade_status: 'TRADE_SUCCESS',
      total_amount: fenToYuan(amountFen as Fen),
    };
    const body = writeAlipayNotification(fields, createPrivateKey(wechat.issuerPrivateKey));
    return anew({ ...like, channel: 'alipay', body: Buffer.from(body).toString('base64') });
  }

  function told(delivery: Delivery): Delivery[] {
    const lie = chance.weighted(LIES);
    count(world.counts, 'lie', lie);
    const other = another();
    switch (lie) {
      case 'drop':
        return [];
      case 'truncate':
        return [
          {
            ...delivery,
            body: Buffer.from(delivery.body, 'base64').subarray(0, BEGINNING).toString('base64'),
          },
        ];
      case 'flip':
        return [{ ...delivery, body: flipped(delivery.body) }];
      case 'other_headers':
        return [{ ...delivery, headers: other && chance.happens(0.5) ? other.headers : {} }];
      case 'other_time':
        return [{ ...delivery, receivedMs: delivery.receivedMs + chance.int(-3_600_000, 3_600_000) }];
      case 'other_body':
        return [{ ...delivery, body: other?.body ?? delivery.body }];
      case 'other_channel':
        return [{ ...delivery, channel: delivery.channel === 'alipay' ? 'wechat' : 'alipay' }];
      case 'replay':
        return other ? [delivery, anew({ ...other, receivedMs: world.time.nowMs() })] : [delivery];
      case 'forge':
        return [forged(delivery) ?? delivery, delivery];
      case 'hold': {
        const before = held;
        held = delivery;
        return before ? [anew(before)] : [];
      }
      case 'flood':
        return Array.from({ length: FLOOD }, () => anew(delivery));
      default:
        return [delivery];
    }
  }

  return {
    between: (send) => (text) => {
      const frame = parseFrame(RelayFrame, text);
      if (frame?.type !== 'delivery') {
        send(text);
        return;
      }
      if (chance.happens(0.02)) send('{"type":"delivery"}');
      const frames = told(frame);
      seen.push(frame);
      for (const each of frames) send(JSON.stringify(each));
    },
    swallows() {
      const does = chance.happens(0.15);
      if (does) count(world.counts, 'lie', 'swallow');
      return does;
    },
  };
}
