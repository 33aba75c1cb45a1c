import type { OpenSocket, SocketEvents } from '../../ports/socket.ts';
import type { Life } from './life.ts';
import type { Line } from './network.ts';
import type { Chance } from './random.ts';
import type { WorldTime } from './time.ts';

/** A frame that found the line down is sent again this much later, if it is not lost for good. */
const RESEND_MS = 1_000;

export type SocketEvent = 'opened' | 'not_opened' | 'half_open' | 'reset';

/** The relay's end of a connection, as its process sees it. */
export interface RelayEnd {
  readonly life: Life;
  receive(text: string): void;
  lost(): void;
}

/** What a relay's process may do with a connection. */
export interface RelayLine {
  send(text: string): void;
  close(code: number, reason: string): void;
}

/**
 * WebSockets between one life of a till and whatever life the relay has: frames arrive in order or not at all.
 * A line that goes down, or chance, leaves a connection half-open: one side or both speak into the void, and only
 * their heartbeats can tell. Whoever speaks to a dead process is reset.
 */
export function mortalSockets(deps: {
  life: Life;
  time: WorldTime;
  line: Line;
  chance: Chance;
  latencyMs: number;
  /** Of each frame: that from then on its direction is dead. */
  halfOpen: number;
  /** Null: nobody listens. */
  accept(line: RelayLine): RelayEnd | null;
  tell(event: SocketEvent): void;
}): OpenSocket {
  const { life, time, line, chance, latencyMs } = deps;
  const travelMs = () => 1 + chance.float() * latencyMs;
  const isUnlucky = () => !line.isHealed && chance.happens(deps.halfOpen);

  /** One direction: what is sent arrives in order, unless the direction is dead. */
  function direction(arrive: (frame: () => void) => void, broken: () => void) {
    let isDead = false;
    let lastMs = 0;
    let onItsWay: (() => void)[] = [];
    const land = () => {
      if (isDead) return;
      if (line.state === 'refused') {
        isDead = true;
        broken();
      } else if (line.state === 'dark') {
        if (chance.happens(0.5)) time.after(RESEND_MS, land);
        else die();
      } else {
        const frames = onItsWay;
        onItsWay = [];
        for (const frame of frames) arrive(frame);
      }
    };
    const die = () => {
      isDead = true;
      deps.tell('half_open');
    };
    return (frame: () => void) => {
      if (isDead) return;
      if (isUnlucky()) return die();
      lastMs = Math.max(lastMs, time.elapsedMs() + travelMs());
      time.after(lastMs - time.elapsedMs(), () => {
        onItsWay.push(frame);
        land();
      });
    };
  }

  return (_url, { connectMs }, events: SocketEvents) => {
    let isOver = false;
    let relay: RelayEnd | null = null;

    const gone = (code: number | null) => {
      if (isOver) return;
      isOver = true;
      if (!life.isOver) events.closed(code);
    };
    const reset = () => {
      deps.tell('reset');
      gone(null);
      if (relay && !relay.life.isOver) relay.lost();
    };
    const toTill = direction((frame) => {
      if (life.isOver) return reset();
      if (!isOver && !life.diesAt('answered')) frame();
    }, reset);
    const toRelay = direction((frame) => {
      if (relay === null || relay.life.isOver) return reset();
      if (!relay.life.diesAt('arrived')) frame();
    }, reset);

    function connect(): void {
      if (isOver || life.isOver) return;
      relay = deps.accept({
        send: (text) => toTill(() => events.received(text)),
        close: (code) => toTill(() => gone(code)),
      });
      deps.tell(relay === null ? 'not_opened' : 'opened');
      if (relay === null) gone(null);
    }

    if (life.diesAt('send')) return { send() {}, close() {} };
    if (line.state === 'up') time.after(2 * travelMs(), connect);
    else {
      deps.tell('not_opened');
      time.after(line.state === 'refused' ? 1 : connectMs, () => gone(null));
    }
    return {
      send(text) {
        if (isOver || life.diesAt('send')) return;
        toRelay(() => relay?.receive(text));
      },
      close() {
        if (isOver) return;
        toRelay(() => relay?.lost());
        time.after(1, () => gone(null));
      },
    };
  };
}
