import type { KeyObject } from 'node:crypto';
import { type Clock, SECOND } from '../../ports/clock.ts';
import type { Socket, SocketEvents } from '../../ports/socket.ts';
import {
  CLOSE,
  HEARTBEAT_MS,
  HELLO_TIMEOUT_MS,
  parseFrame,
  RELAY_PROTOCOL,
  RelayFrame,
  SILENCE_MAX_MS,
  signHello,
  type TillFrame,
} from '../../wire/relay.ts';

/** What the till made of a delivery. `not_kept`: the disk refused; it must come again. */
export type Answer = { kind: 'ack' } | { kind: 'reject'; reason: string } | { kind: 'not_kept' };

/** How far the till has read: everything up to `seq` of this epoch is settled. */
export interface Position {
  epoch: string;
  seq: number;
}

/**
 * How a connection ended: `away` no network, no relay, or nonsense from it · `refused` it does not know this
 * key · `revoked` its operator has revoked it · `taken_over` another process holds the same key and is
 * connected now · `wrong_relay` another than the one that enrolled us · `not_kept` our own disk refused.
 */
export type SessionEnd = 'away' | 'refused' | 'revoked' | 'taken_over' | 'wrong_relay' | 'not_kept';

export interface SessionDeps {
  clock: Clock;
  till: string;
  /** The relay's own name, as we learned it when we enrolled. */
  relay: string;
  key: KeyObject;
  after: Position | null;
  connect(events: SocketEvents): Socket;
  /** Takes a delivery in; resolves once that is committed. Never rejects. */
  take(delivery: DeliveryFrame): Promise<Answer>;
  welcomed(): void;
  /** Everything up to here is settled, and the relay was told. */
  reached(position: Position): void;
  /** Once, as the last. */
  over(why: SessionEnd): void;
}

export interface Session {
  stop(): void;
}

type Frame<T extends RelayFrame['type']> = Extract<RelayFrame, { type: T }>;
export type DeliveryFrame = Frame<'delivery'>;

/** A relay that has not let us in by then will not. */
const WELCOME_MS_MAX = 15 * SECOND;
/** More under way at once than this is not for a till, whatever the relay says of its window. */
const WINDOW_MAX = 256;

/** One connection to the relay: `calling` → `greeting` → `open` → `over`. */
export function createSession(deps: SessionDeps): Session {
  const { clock } = deps;
  let state: 'calling' | 'greeting' | 'open' | 'over' = 'calling';
  let epoch = '';
  let window = 0;
  /** Deliveries in their order, from the oldest that is not settled. */
  const underWay: { seq: number; settled: boolean }[] = [];
  const startedAtMs = clock.monotonicMs();
  let heardAtMs = startedAtMs;
  let cancelTimer = clock.after(HELLO_TIMEOUT_MS * 2, () => end('away', 'silent'));
  const socket = deps.connect({ received, closed });

  function send(frame: TillFrame): void {
    socket.send(JSON.stringify(frame));
  }

  function end(why: SessionEnd, code: keyof typeof CLOSE): void {
    if (state === 'over') return;
    finish(why);
    socket.close(CLOSE[code], code);
  }

  function finish(why: SessionEnd): void {
    if (state === 'over') return;
    state = 'over';
    cancelTimer();
    deps.over(why);
  }

  function closed(code: number | null): void {
    if (code === CLOSE.refused) finish('refused');
    else if (code === CLOSE.revoked) finish('revoked');
    else if (code === CLOSE.takenOver) finish('taken_over');
    else finish('away');
  }

  function received(text: string): void {
    if (state === 'over') return;
    heardAtMs = clock.monotonicMs();
    const frame = parseFrame(RelayFrame, text);
    if (frame?.type === 'ping' && state !== 'calling') send({ type: 'pong' });
    else if (frame?.type === 'pong' && state !== 'calling') return;
    else if (frame?.type === 'challenge' && state === 'calling') greet(frame);
    else if (frame?.type === 'welcome' && state === 'greeting') open(frame);
    else if (frame?.type === 'delivery' && state === 'open') receive(frame);
    else end('away', 'protocol');
  }

  function greet({ relay, nonce }: Frame<'challenge'>): void {
    // A signature for another relay could be used there.
    if (relay !== deps.relay) {
      end('wrong_relay', 'protocol');
      return;
    }
    state = 'greeting';
    const { till, key, after } = deps;
    const signature = signHello({ relay, till, nonce }, key);
    send({ type: 'hello', protocol: RELAY_PROTOCOL, till, signature, after });
    cancelTimer();
    beat(clock.monotonicMs());
  }

  function open(welcome: Frame<'welcome'>): void {
    state = 'open';
    epoch = welcome.epoch;
    window = Math.min(welcome.window, WINDOW_MAX);
    deps.welcomed();
  }

  function receive(delivery: DeliveryFrame): void {
    const { seq } = delivery;
    if (underWay.some((each) => each.seq === seq)) return;
    if (underWay.filter((each) => !each.settled).length >= window) {
      end('away', 'protocol');
      return;
    }
    const place = { seq, settled: false };
    underWay.push(place);
    void deps.take(delivery).then((answer) => {
      if (state === 'over') return;
      if (answer.kind === 'not_kept') {
        end('not_kept', 'unavailable');
        return;
      }
      send(answer.kind === 'ack' ? { type: 'ack', seq } : { type: 'reject', seq, reason: answer.reason });
      place.settled = true;
      advance();
    });
  }

  /** What is settled behind one that is not does not count: a position says that all before it is done. */
  function advance(): void {
    let reached: number | null = null;
    while (underWay[0]?.settled) reached = underWay.shift()?.seq ?? reached;
    if (reached !== null) deps.reached({ epoch, seq: reached });
  }

  function beat(plannedMs: number): void {
    const nowMs = clock.monotonicMs();
    // When this process itself stood still, what the relay said meanwhile has not been read yet.
    if (nowMs - plannedMs > HEARTBEAT_MS) heardAtMs = nowMs;
    const isKeptOut = state === 'greeting' && nowMs - startedAtMs > WELCOME_MS_MAX;
    if (isKeptOut || nowMs - heardAtMs > SILENCE_MAX_MS) {
      end('away', 'silent');
      return;
    }
    send({ type: 'ping' });
    cancelTimer = clock.after(HEARTBEAT_MS, () => beat(nowMs + HEARTBEAT_MS));
  }

  return { stop: () => end('away', 'unavailable') };
}
