import { createStore } from 'zustand/vanilla';
import type { TillEvent } from '../../contract/events.ts';
import type { Order } from '../../contract/order.ts';
import type { Channel } from '../../contract/trade.ts';
import { nowMs } from '../clock.ts';
import type { Link } from '../link.ts';
import type { Command } from './commands.ts';
import { keepConnected } from './connection.ts';
import { createSaleFlow } from './sale-flow.ts';
import { currentCharge, isLive, screenOf } from './screen.ts';
import { createSession } from './session.ts';
import { INITIAL_STATE, type TillState } from './state.ts';
import * as steps from './steps.ts';

/** Something to be heard, once. */
export type Sound =
  | { kind: 'paid'; channel: Channel; amountFen: number; tradeNo: string }
  | { kind: 'checking' | 'failed' | 'late' };

export interface TillStorePorts {
  link: Link;
  makeOrderNo(): string;
  play(sound: Sound): void;
}

export type TillStore = ReturnType<typeof createTillStore>;

/** News older than this are not announced: a window that was away does not shout about the past. */
const NEWS_MS = 120_000;
/** Of so many things that wait for a person the screen knows which trade each is about. */
const PARKED_KNOWN = 200;

/** The window's state, what changes it, and what follows from a change. */
export function createTillStore({ link, makeOrderNo, play }: TillStorePorts) {
  const store = createStore<TillState>(() => INITIAL_STATE);
  const get = store.getState;
  const change = (step: (state: TillState) => TillState) => store.setState(step(get()), true);
  const flow = createSaleFlow({ api: link.api, get, change });

  function charge(step: (state: TillState) => TillState): void {
    change(step);
    const { shown, sales } = get();
    if (shown !== null && sales[shown]?.isAsking) void flow.ask(shown);
  }

  const toShown = (act: (orderNo: string) => Promise<void>) => {
    const { shown } = get();
    if (shown !== null) void act(shown);
  };
  const free = () => change((state) => steps.show(state, null));
  const simple: Record<Exclude<Command['do'], 'type' | 'next' | 'focus'>, () => void> = {
    erase: () => change(steps.erase),
    clear: () => change(steps.clear),
    charge: () => {
      if (get().shown === null) charge((state) => steps.beginTyped(state, makeOrderNo()));
    },
    retry: () => charge((state) => steps.retry(state, makeOrderNo())),
    cancel: () => toShown(flow.cancel),
    check: () => toShown(flow.check),
    park: free,
    leave: free,
    turn_focus: () => change((state) => steps.turnFocus(state, channelsShown(state))),
    // Opening a list is the screen's own matter.
    orders: () => {},
    history: () => {},
    refund: () => {},
    attention: () => {},
    manager: () => {},
    lock: () => void session.lock(),
  };

  /** Does what a key or button asks for. */
  function run(command: Command): void {
    if (command.do === 'type') change((state) => steps.typeKey(state, command.key));
    else if (command.do === 'next') change((state) => steps.nextSale(state, command.key));
    else if (command.do === 'focus')
      change((state) => {
        const channel = channelsShown(state)[command.nth];
        return channel ? steps.toggleFocus(state, channel) : state;
      });
    else simple[command.do]();
  }

  function onEvent(event: TillEvent): void {
    if (event.type === 'ready' || event.type === 'status') {
      void refreshParked(event.type === 'ready');
      return;
    }
    const { order } = event;
    const isNews = Math.abs(nowMs() + get().clockOffsetMs - Date.parse(event.at)) < NEWS_MS;
    if (event.type === 'trade.changed' && isNews) {
      const trade = order.charge?.trades.find((each) => each.tradeNo === event.tradeNo);
      if (event.toState === 'paid' && event.fromState !== 'paid' && trade) {
        play({ kind: 'paid', channel: trade.channel, amountFen: trade.amountFen, tradeNo: trade.tradeNo });
        if (trade.late || trade.surplus) play({ kind: 'late' });
      }
    }
    if (event.type === 'order.paid') void refreshToday();
    // A cancel that came before the order existed is made good as soon as the order shows up.
    const isUnwanted =
      get().unwanted.includes(order.orderNo) && order.state === 'open' && order.source === 'till';
    if (isUnwanted && isLive(order)) void flow.cancel(order.orderNo);
  }

  async function refreshToday(): Promise<void> {
    await link.api.till.today().then(
      (today) => change((state) => ({ ...state, today })),
      () => {},
    );
  }

  let parkedFor = '';
  /** What waits for a person is read when its number changes; a reading that failed is made up for by the next status. */
  async function refreshParked(isAnew: boolean): Promise<void> {
    const outbox = get().status?.outbox;
    if (outbox === undefined) return;
    const wanted = `${outbox.parked} ${outbox.refundsDue}`;
    if (wanted === parkedFor && !isAnew) return;
    parkedFor = wanted;
    await link.api.outbox.list({ state: 'parked', limit: PARKED_KNOWN }).then(
      ({ items }) => {
        if (parkedFor === wanted) change((state) => ({ ...state, parked: items }));
      },
      () => {
        if (parkedFor === wanted) parkedFor = '';
      },
    );
  }

  let signedIn = Promise.withResolvers<void>();
  const session = createSession({
    link,
    get,
    change,
    onSignedIn() {
      signedIn.resolve();
      signedIn = Promise.withResolvers<void>();
    },
  });

  let screen = screenOf(get());
  store.subscribe((state) => {
    const next = screenOf(state);
    if (next === screen) return;
    screen = next;
    if (next === 'checking') play({ kind: 'checking' });
    if (next === 'refused') play({ kind: 'failed' });
  });

  return {
    store,
    run,
    /** An order that was sent ahead goes on the stage, with its live codes or new ones. */
    collect(order: Order): void {
      charge((state) => {
        if (isLive(order))
          return steps.show({ ...state, orders: { ...state.orders, [order.orderNo]: order } }, order.orderNo);
        return steps.begin(state, { ...order, previousChargeId: order.charge?.chargeId ?? null });
      });
    },
    /** Brings an order from the tray back to the stage. */
    show(orderNo: string): void {
      change((state) => steps.show(state, orderNo));
    },
    change,
    paste: (text: string) => change((state) => steps.paste(state, text)),
    connect: (signal: AbortSignal) =>
      keepConnected({ link, get, change, onEvent, signedIn: () => signedIn.promise }, signal),
    ...session,
  };
}

/** The wallets on the stage, in their order on the screen. */
function channelsShown(state: TillState): Channel[] {
  if (state.shown === null) return [];
  const charge = currentCharge(state.orders[state.shown], state.sales[state.shown]);
  return (charge?.trades ?? []).map((trade) => trade.channel);
}
