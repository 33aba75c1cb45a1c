import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import {
  CLOSE,
  HEARTBEAT_MS,
  HELLO_TIMEOUT_MS,
  parseFrame,
  RELAY_PROTOCOL,
  type RelayFrame,
  SILENCE_MAX_MS,
  TillFrame,
  verifyHello,
} from '../wire/relay.ts';
import type { Inbox, Mailbox } from './mailbox.ts';
import type { Tally } from './metrics.ts';
import type { Registry } from './registry.ts';

/** Frames of one till between two heartbeats; more is not a till. */
const FRAMES_MAX = 20_000;

/** The connection, without its transport. */
interface Line {
  send(text: string): void;
  /** Ends it, saying why; also when the other side is not there to hear it. */
  close(code: number, reason: string): void;
}

export interface SessionDeps {
  line: Line;
  relayName: string;
  window: number;
  registry: Registry;
  mailbox: Mailbox;
  clock: Clock;
  random: Random;
  log: Log;
  tally: Tally;
  /** The till has proved its key. */
  greeted(till: string): void;
  /** Called once, whoever ended it. */
  over(till: string | null): void;
}

export interface Session {
  receive(text: string): void;
  /** Any other sign of life, to be counted like a frame. */
  heard(): void;
  end(why: keyof typeof CLOSE): void;
  /** The transport is gone. */
  lost(): void;
}

/** One connection of a till: `greeting` → `opening` → `open` → `over`. */
export function createSession(deps: SessionDeps): Session {
  const { line, relayName, registry, mailbox, clock, tally } = deps;
  const nonce = Buffer.from(deps.random.bytes(32)).toString('base64url');
  let state: 'greeting' | 'opening' | 'open' | 'over' = 'greeting';
  let till: string | null = null;
  let inbox: Inbox | null = null;
  let heardAt = clock.monotonicMs();
  let frames = 0;
  let cancelTimer = clock.after(HELLO_TIMEOUT_MS, () => end('silent'));

  send({ type: 'challenge', protocol: RELAY_PROTOCOL, relay: relayName, nonce });

  function send(frame: RelayFrame): void {
    line.send(JSON.stringify(frame));
  }

  function end(why: keyof typeof CLOSE): void {
    if (state === 'over') return;
    deps.log.info({ till, why }, 'connection ended');
    finish();
    line.close(CLOSE[why], why);
  }

  function finish(): void {
    if (state === 'over') return;
    state = 'over';
    cancelTimer();
    inbox?.close();
    deps.over(till);
  }

  function receive(text: string): void {
    if (!heard()) return;
    const frame = parseFrame(TillFrame, text);
    if (!frame) {
      end('protocol');
      return;
    }
    if (state === 'greeting') {
      if (frame.type === 'hello') greet(frame);
      else end('protocol');
    } else if (frame.type === 'ping') {
      send({ type: 'pong' });
    } else if (frame.type !== 'pong') {
      answer(frame);
    }
  }

  function answer(frame: Exclude<TillFrame, { type: 'ping' | 'pong' }>): void {
    if (!inbox || frame.type === 'hello') {
      end('protocol');
    } else if (frame.type === 'ack') {
      tally.acknowledged();
      inbox.ack(frame.seq);
    } else {
      tally.rejected();
      deps.log.warn({ till, seq: frame.seq, reason: frame.reason }, 'the till rejected a delivery');
      inbox.reject(frame.seq, frame.reason);
    }
  }

  function heard(): boolean {
    if (state === 'over') return false;
    heardAt = clock.monotonicMs();
    frames += 1;
    if (frames > FRAMES_MAX) {
      end('protocol');
      return false;
    }
    return true;
  }

  function greet(hello: Extract<TillFrame, { type: 'hello' }>): void {
    const known = registry.find(hello.till);
    const proof = { relay: relayName, till: hello.till, nonce, signature: hello.signature };
    if (!known || !verifyHello(proof, known.key)) {
      end('refused');
      return;
    }
    till = known.till;
    state = 'opening';
    cancelTimer();
    beat(clock.monotonicMs());
    deps.greeted(till);
    mailbox.open(till, hello.after).then(opened, (error: unknown) => {
      deps.log.error({ err: error, till }, 'a mailbox could not be opened');
      end('unavailable');
    });
  }

  function opened(opening: Inbox): void {
    if (state === 'over') {
      opening.close();
      return;
    }
    inbox = opening;
    state = 'open';
    send({ type: 'welcome', till: till ?? '', epoch: opening.epoch, window: deps.window });
    opening.start({
      deliver({ seq, notification: { id, channel, receivedMs, headers, body } }) {
        const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
        send({ type: 'delivery', seq, id, channel, receivedMs, headers, body: bytes.toString('base64') });
        tally.delivered();
      },
      ended: (why) => end(why === 'taken_over' ? 'takenOver' : 'unavailable'),
    });
  }

  function beat(plannedMs: number): void {
    const now = clock.monotonicMs();
    // When this process itself stood still, what the till said meanwhile has not been read yet.
    if (now - plannedMs > HEARTBEAT_MS) heardAt = now;
    if (now - heardAt > SILENCE_MAX_MS) {
      end('silent');
      return;
    }
    frames = 0;
    send({ type: 'ping' });
    cancelTimer = clock.after(HEARTBEAT_MS, () => beat(now + HEARTBEAT_MS));
  }

  return { receive, heard: () => void heard(), end, lost: finish };
}
