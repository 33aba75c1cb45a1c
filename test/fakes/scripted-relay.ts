import type { KeyObject } from 'node:crypto';
import type { OpenSocket, SocketEvents } from '../../ports/socket.ts';
import {
  CLOSE,
  parseFrame,
  RELAY_PROTOCOL,
  type RelayChannel,
  type RelayFrame,
  TillFrame,
  tillKey,
  verifyHello,
} from '../../wire/relay.ts';

export const RELAY_NAME = 'relay.example';
export const EPOCH = 'epoch-1';

/** One connection as the relay sees it, with all that the till said on it. */
export interface Line {
  said: TillFrame[];
  /** The code with which the till ended it; null while it has not. */
  endedByTill: number | null;
  send(frame: RelayFrame | string): void;
  deliver(seq: number, body: string | Uint8Array, change?: Partial<Delivery>): void;
  /** Ends it with a code, or without a word. */
  end(code: keyof typeof CLOSE | null): void;
}

type Delivery = Extract<RelayFrame, { type: 'delivery' }>;
type Said<T extends TillFrame['type']> = Extract<TillFrame, { type: T }>;

/**
 * A relay that does as it is told, over a network that is a function call. Unscripted it challenges, checks
 * the till's key, welcomes, and answers pings.
 */
export class ScriptedRelay {
  readonly lines: Line[] = [];
  /** No connection can be made. */
  isDown = false;
  /** Says nothing any more, and hears nothing: the line looks alive. */
  isFrozen = false;
  /** What each new line is met with, instead of the challenge; a hello is then never refused by itself. */
  meet: ((line: Line) => void) | null = null;
  /** Whether a till that has proved its key is let in. */
  welcomes = true;
  window = 32;
  #key: KeyObject | null = null;
  #nonces = 0;

  /** The till's public key, as it was enrolled. */
  enrol(publicKey: string): void {
    this.#key = tillKey(publicKey);
  }

  get line(): Line {
    const line = this.lines.at(-1);
    if (!line) throw new Error('Nobody has called.');
    return line;
  }

  /** What the till said on its last line, of one kind. */
  said<T extends TillFrame['type']>(type: T): Said<T>[] {
    return this.line.said.filter((frame): frame is Said<T> => frame.type === type);
  }

  readonly openSocket: OpenSocket = (_url, _limits, events) => {
    if (this.isDown) {
      setImmediate(() => events.closed(null));
      return { send() {}, close() {} };
    }
    return this.#accept(events);
  };

  #accept(events: SocketEvents) {
    let isOver = false;
    const nonce = Buffer.alloc(32, ++this.#nonces).toString('base64url');
    const hear = (text: string) => {
      const frame = parseFrame(TillFrame, text);
      if (!frame) throw new Error(`The till sent no frame: ${text}`);
      line.said.push(frame);
      if (frame.type === 'ping') line.send({ type: 'pong' });
      if (frame.type === 'hello') greet(frame);
    };
    const greet = (hello: Said<'hello'>) => {
      const { till, signature } = hello;
      const isProved = this.#key && verifyHello({ relay: RELAY_NAME, till, nonce, signature }, this.#key);
      if (!isProved && !this.meet) line.end('refused');
      else if (isProved && this.welcomes)
        line.send({ type: 'welcome', till, epoch: EPOCH, window: this.window });
    };
    const line: Line = {
      said: [],
      endedByTill: null,
      send: (frame) => {
        setImmediate(() => {
          if (!isOver && !this.isFrozen)
            events.received(typeof frame === 'string' ? frame : JSON.stringify(frame));
        });
      },
      deliver: (seq, body, change = {}) =>
        line.send({
          type: 'delivery',
          seq,
          id: `id-${seq}`,
          channel: 'wechat' as RelayChannel,
          receivedMs: 0,
          headers: {},
          body: Buffer.from(body).toString('base64'),
          ...change,
        }),
      end: (code) => {
        setImmediate(() => {
          if (isOver) return;
          isOver = true;
          events.closed(code === null ? null : CLOSE[code]);
        });
      },
    };
    this.lines.push(line);
    if (this.meet) this.meet(line);
    else line.send({ type: 'challenge', protocol: RELAY_PROTOCOL, relay: RELAY_NAME, nonce });
    return {
      send: (text: string) => {
        setImmediate(() => {
          if (!isOver && !this.isFrozen) hear(text);
        });
      },
      close: (code: number) => {
        line.endedByTill ??= code;
        isOver = true;
      },
    };
  }
}
