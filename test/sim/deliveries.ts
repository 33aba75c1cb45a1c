import type { Db } from '../../backend/store/database.ts';
import type { OpenSocket } from '../../ports/socket.ts';
import { parseFrame, RelayFrame, TillFrame } from '../../wire/relay.ts';
import { parseApiV3Key } from '../../wire/wechat-v3-aead.ts';
import { openWechatNotification } from '../../wire/wechat-v3-notification.ts';
import type { Life } from './life.ts';
import { count } from './tally.ts';
import type { World } from './world.ts';

type Delivery = Extract<RelayFrame, { type: 'delivery' }>;

/** Looks over a till's shoulder at what the relay delivers and what the till answers. */
export interface DeliveryWatch {
  /** The connections of one life of the till: what it still says when it is dead nobody hears. */
  over(open: OpenSocket, life: Life): OpenSocket;
  /** Deliveries that this till has answered: id → `ack`, or why it was rejected. */
  readonly answered: ReadonlyMap<string, string>;
}

export function watchDeliveries(world: World, till: string, db: Db): DeliveryWatch {
  const { trace, counts } = world;
  const answered = new Map<string, string>();
  const apiV3Key = parseApiV3Key(world.keys[world.scenario.keys].wechat.apiV3Key);
  const kept = db
    .prepare<[string], number>(
      `SELECT state = 'paid' OR incident IS NOT NULL OR EXISTS (
         SELECT 1 FROM outbox o WHERE o.trade_no = t.trade_no AND o.state = 'due'
           AND o.kind IN ('open', 'query', 'close', 'cancel'))
       FROM trades t WHERE trade_no = ?`,
    )
    .pluck();
  const before = db.prepare<[string], string>('SELECT state FROM trades WHERE trade_no = ?').pluck();

  /** Whatever it said is committed: the payment, or the intent to ask about it. */
  function acknowledged(delivery: Delivery): void {
    const tradeNo = tradeNoIn(delivery);
    if (db.inTransaction || (tradeNo !== null && kept.get(tradeNo) !== 1))
      world.violation('a delivery is acknowledged after the commit', `${till}: ${delivery.id}, ${tradeNo}`);
  }

  function tradeNoIn({ channel, body }: Delivery): string | null {
    const bytes = Buffer.from(body, 'base64');
    if (channel === 'alipay') return new URLSearchParams(bytes.toString('utf8')).get('out_trade_no');
    const reading = openWechatNotification(bytes, apiV3Key);
    if (!reading.ok) return null;
    return (reading.notification.content as { out_trade_no?: string }).out_trade_no ?? null;
  }

  return {
    answered,
    over: (open, life) => (url, limits, events) => {
      const deliveries = new Map<number, Delivery>();
      const socket = open(url, limits, {
        closed: events.closed,
        received(text) {
          const frame = parseFrame(RelayFrame, text);
          if (frame?.type === 'delivery') {
            deliveries.set(frame.seq, frame);
            const tradeNo = tradeNoIn(frame);
            const state = tradeNo === null ? undefined : before.get(tradeNo);
            count(counts, 'delivery', state === undefined ? 'about no trade of this till' : `at ${state}`);
            trace.say(till, `is delivered ${frame.channel} ${tradeNo}, ${state}`);
          }
          events.received(text);
        },
      });
      return {
        ...socket,
        send(text) {
          if (life.isOver) return;
          const frame = parseFrame(TillFrame, text);
          const delivery = frame && 'seq' in frame ? deliveries.get(frame.seq) : undefined;
          if (delivery && frame?.type === 'ack') acknowledged(delivery);
          if (delivery) {
            const answer = frame?.type === 'reject' ? frame.reason : 'ack';
            answered.set(delivery.id, answer);
            count(counts, 'delivery', answer);
            trace.say(till, `${frame?.type}s ${delivery.channel}`);
          }
          socket.send(text);
        },
      };
    },
  };
}
