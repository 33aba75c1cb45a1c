import type { TillEvent } from '../../contract/events.ts';
import { every, nowMs, sleep } from '../clock.ts';
import type { Link } from '../link.ts';
import { linkError } from '../link-error.ts';
import { showStoreTimes } from '../times.ts';
import { withEvent, withOrder } from './apply.ts';
import type { TillState } from './state.ts';

const PAUSES_MS = [300, 1_000, 2_000, 4_000, 5_000];
const PING_MS = 8_000;
const RECENT_SHOWN = 20;
/** Both clocks count as the same within this. */
const CLOCK_TOLERANCE_MS = 1_500;

export interface ConnectionPorts {
  link: Link;
  get(): TillState;
  change(step: (state: TillState) => TillState): void;
  onEvent(event: TillEvent): void;
  /** Resolves when somebody signs in: there is nothing to wait for any more. */
  signedIn(): Promise<void>;
}

/**
 * Keeps the state true: reads how things stand, then follows the stream; when that ends, however it ends,
 * reads again and resumes after the last event. Runs until the signal aborts.
 */
export async function keepConnected(ports: ConnectionPorts, signal: AbortSignal): Promise<void> {
  let lastEventId: string | undefined;
  let misses = 0;
  while (!signal.aborted) {
    try {
      await follow(
        ports,
        lastEventId,
        (id) => {
          lastEventId = id;
          misses = 0;
        },
        signal,
      );
      throw new Error('The stream ended.');
    } catch (thrown) {
      const { code } = linkError(thrown);
      const isNotLetIn = code === 'unauthorized';
      const isSignedOut = code === 'sign_in_needed';
      ports.change((state) => ({
        ...state,
        session: isSignedOut ? null : state.session,
        link: isNotLetIn
          ? { phase: 'not_let_in' }
          : isSignedOut
            ? { phase: 'signed_out' }
            : state.link.phase === 'down'
              ? state.link
              : { phase: 'down', sinceMs: nowMs() },
      }));
      const pauseMs = PAUSES_MS[Math.min(misses, PAUSES_MS.length - 1)] ?? 1_000;
      await Promise.race([sleep(pauseMs, signal), ports.signedIn()]);
      misses += 1;
    }
  }
}

async function follow(
  { link, get, change, onEvent }: ConnectionPorts,
  lastEventId: string | undefined,
  onId: (id: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  const stopPinging = link.needsPing ? pinging(link, () => over.abort()) : () => {};
  const lost = new Promise<never>((_, reject) => {
    both.addEventListener('abort', () => reject(new Error('The line is lost.')));
  });
  lost.catch(() => {});
  try {
    const events = link.events(lastEventId, both);
    for (;;) {
      const { done, value } = await Promise.race([events.next(), lost]);
      if (done) return;
      if (value.id !== undefined) onId(value.id);
      if (value.event.type === 'ready') {
        const { at } = value.event;
        await Promise.race([reread({ link, get, change }), lost]);
        change((state) => ({ ...state, link: { phase: 'up' }, clockOffsetMs: offsetMs(at) }));
      }
      change((state) => withEvent(state, value.event));
      onEvent(value.event);
    }
  } finally {
    stopPinging();
    over.abort();
  }
}

/** How things stand now; the stream brings what comes after. */
async function reread({
  link,
  get,
  change,
}: Pick<ConnectionPorts, 'link' | 'get' | 'change'>): Promise<void> {
  const { api } = link;
  const [till, session, today, recent, live] = await Promise.all([
    get().till ?? api.till.get(),
    api.auth.session(),
    api.till.today(),
    api.orders.list({ limit: RECENT_SHOWN }),
    api.charges.live(),
  ]);
  showStoreTimes(till.timeZone);
  const known = new Set(recent.items.map((order) => order.orderNo));
  // Whatever this window still believes to be unfinished is asked for, too.
  const unsure = Object.values(get().orders).filter((order) => order.state === 'open');
  const wanted = new Set([...live, ...unsure].map((each) => each.orderNo));
  const shown = get().shown;
  if (shown !== null) wanted.add(shown);
  const missing = [...wanted].filter((orderNo) => !known.has(orderNo));
  const more = await Promise.all(missing.map((orderNo) => api.orders.get({ orderNo }).catch(() => null)));
  change((state) => {
    let next: TillState = { ...state, till, session, today };
    for (const order of [...more, ...recent.items.toReversed()]) if (order) next = withOrder(next, order);
    return next;
  });
}

function pinging(link: Link, onLost: () => void): () => void {
  return every(PING_MS, () => {
    link.api.till.status().catch(onLost);
  });
}

function offsetMs(at: string): number {
  const offset = Date.parse(at) - nowMs();
  return Math.abs(offset) < CLOCK_TOLERANCE_MS ? 0 : offset;
}
