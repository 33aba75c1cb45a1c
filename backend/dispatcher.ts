import { implement } from '@orpc/server';
import type { z } from 'zod';
import type { ErrorCode } from '../contract/errors.ts';
import { contract, type ProcedureMeta } from '../contract/index.ts';
import type { Charge } from '../contract/order.ts';
import type { ReportInput } from '../contract/report.ts';
import type { Clock } from '../ports/clock.ts';
import type { Access, CallContext, Who } from './access.ts';
import type { By } from './domain/actor.ts';
import type { ReportWish } from './domain/report-range.ts';
import type { Hold, OrderMutex } from './locks/order-mutex.ts';
import type { Decider, PeopleService } from './people/people.ts';
import type { PolicyService } from './people/policy.ts';
import type { RelayClient } from './relay/relay-client.ts';
import type { BillViews } from './services/bill-views.ts';
import type { CancelService } from './services/cancel.ts';
import type { ChargeService } from './services/charge.ts';
import { ServiceError } from './services/errors.ts';
import { searchedFor, wordsOf } from './services/history-search.ts';
import type { createIncidentFile } from './services/incident-file.ts';
import type { createOrders } from './services/orders.ts';
import type { OutboxService } from './services/outbox.ts';
import type { Reconcile } from './services/reconcile.ts';
import type { RefundService } from './services/refund.ts';
import { reportCsv } from './services/report-csv.ts';
import type { Reports } from './services/reports.ts';
import type { Shifts } from './services/shifts.ts';
import type { StatusService } from './services/status.ts';
import type { createStream } from './services/stream.ts';
import type { createToday, Till } from './services/till.ts';
import type { Views } from './services/views.ts';
import type { SignInDesk } from './sign-in-desk.ts';
import type { Store, Writer } from './store/store.ts';

/** What a handler gets besides: in whose name it writes, and the order's lock where the procedure takes one. */
type HandlerContext = CallContext & { who?: Who; by?: By; hold?: Hold };

/** How long a caller waits for an order that another call is working on. */
const LOCK_WAIT_MS = 5_000;
/** How long a charge waits for its codes before it answers with what it has; the events tell the rest. */
const CODES_WAIT_MS = 20_000;

/**
 * The contract, implemented: input is validated before anything looks at it, then the caller's right is
 * checked, then the order is locked, then the service runs. The same router serves the MessagePort and HTTP.
 */
export type Router = ReturnType<typeof createRouter>;

export function createRouter(deps: {
  access: Access;
  policy: PolicyService;
  desk: SignInDesk;
  clock: Clock;
  people: PeopleService;
  mutex: OrderMutex;
  store: Store;
  till: Till;
  today: ReturnType<typeof createToday>;
  status: StatusService;
  orders: ReturnType<typeof createOrders>;
  incidentFile: ReturnType<typeof createIncidentFile>;
  charges: ChargeService;
  cancel: CancelService;
  refunds: RefundService;
  /** Resolves when the wallets' time is known, or is not to be had. */
  greeted: Promise<void>;
  outbox: OutboxService;
  views: Views;
  /** Asks about the charge's trades now instead of when they are due. */
  checkNow(charge: Charge): void;
  relay: RelayClient;
  bills: { reconcile: Reconcile; views: BillViews };
  shifts: Shifts;
  reports: Reports;
  stream: ReturnType<typeof createStream>;
}) {
  const { access, desk, people, mutex, store, charges, refunds, views, bills, shifts, reports } = deps;

  const os = implement(contract)
    // Middleware must never see input that was not validated.
    .$config({ initialInputValidationIndex: Number.NEGATIVE_INFINITY })
    .$context<HandlerContext>()
    .use(async ({ context, procedure, next }) => {
      const who = await access.who(context);
      const { meta, route } = procedure['~orpc'];
      access.admit(meta.needs, who.standing);
      await access.note(meta, route.method, who);
      return next({ context: { who, by: who.by } });
    })
    .use(async ({ procedure, next }) => {
      const result = await next();
      if (!procedure['~orpc'].meta.awaitsCodes) return result;
      const { chargeId } = result.output as Charge;
      await charges.codesReady(chargeId, CODES_WAIT_MS);
      return { ...result, output: views.chargeById(chargeId) };
    })
    .use(({ procedure, next }, input) => {
      const orderNo = orderToLock(procedure['~orpc'].meta, input);
      if (orderNo === undefined) return next();
      return mutex.run(orderNo, LOCK_WAIT_MS, async (hold) => await next({ context: { hold } }));
    })
    // Last, so that nothing stands between the second person's word and what it allows.
    .use(async ({ context, procedure, next }, input) => {
      const { meta } = procedure['~orpc'];
      if (meta.lock === undefined && meta.approval === undefined) return next();
      const approvedBy = await access.approve(meta, input, context, context.by);
      // For the order, or for a PIN that was looked at, it may have waited.
      access.admit(meta.needs, access.standingNow(context.who));
      return next({ context: { by: { ...context.by, approvedBy } } });
    });

  function orderToLock({ lock }: ProcedureMeta, input: unknown): string | undefined {
    const fields = input as { orderNo?: string; chargeId?: string; tradeNo?: string; refundNo?: string };
    switch (lock) {
      case undefined:
        return undefined;
      case 'orderNo':
        return fields.orderNo;
      case 'chargeId':
        return orderOf(store.charges.byId(fields.chargeId ?? ''), 'charge_not_found');
      case 'tradeNo':
        return orderOf(store.trades.byNo(fields.tradeNo ?? ''), 'trade_not_found');
      case 'refundNo':
        return orderOf(store.refunds.byNo(fields.refundNo ?? ''), 'refund_not_found');
    }
  }

  return os.router({
    till: {
      get: os.till.get.handler(() => deps.till),
      status: os.till.status.handler(() => deps.status.read()),
      today: os.till.today.handler(() => deps.today()),
    },
    orders: {
      create: os.orders.create.handler(async ({ input, context }) =>
        views.order(await deps.orders.create(input, writer(context))),
      ),
      list: os.orders.list.handler(({ input }) => {
        const page = store.orders.list({ ...withoutUndefined(input), ...wordsOf(input.q) });
        return { items: page.items.map(views.order), nextCursor: page.nextCursor };
      }),
      get: os.orders.get.handler(({ input }) => views.orderByNo(input.orderNo)),
      cancel: os.orders.cancel.handler(async ({ input, context }) => {
        await deps.cancel.cancelOrder(input.orderNo, writer(context));
        return views.orderByNo(input.orderNo);
      }),
      incidentFile: os.orders.incidentFile.handler(({ input }) => deps.incidentFile(input)),
    },
    charges: {
      create: os.charges.create.handler(async ({ input, context }) => {
        await deps.greeted;
        const source = context.caller === 'window' ? 'till' : 'integrator';
        return views.charge(await charges.start({ ...input, source }, writer(context)));
      }),
      cancel: os.charges.cancel.handler(({ input, context }) => {
        deps.cancel.cancelCharge(input.chargeId, writer(context));
        return views.chargeById(input.chargeId);
      }),
      check: os.charges.check.handler(({ input }) => {
        deps.checkNow(views.chargeById(input.chargeId));
        return views.chargeById(input.chargeId);
      }),
      live: os.charges.live.handler(() => store.charges.live().map(views.charge)),
    },
    trades: {
      list: os.trades.list.handler(({ input }) => {
        const page = store.trades.list(withoutUndefined(searchedFor(input)));
        return { items: page.items.map(views.trade), nextCursor: page.nextCursor };
      }),
      cashiers: os.trades.cashiers.handler(() => reports.cashiers()),
      get: os.trades.get.handler(({ input }) => views.tradeByNo(input.tradeNo)),
    },
    refunds: {
      create: os.refunds.create.handler(({ input, context }) =>
        views.refund(refunds.create(input, writer(context))),
      ),
      list: os.refunds.list.handler(({ input }) => {
        const page = store.refunds.list(withoutUndefined(input));
        return { items: page.items.map(views.refund), nextCursor: page.nextCursor };
      }),
      get: os.refunds.get.handler(({ input }) => views.refundByNo(input.refundNo)),
      withdraw: os.refunds.withdraw.handler(({ input, context }) =>
        views.refund(refunds.withdraw(input.refundNo, writer(context))),
      ),
      check: os.refunds.check.handler(({ input }) => views.refund(refunds.check(input.refundNo))),
      giveBack: os.refunds.giveBack.handler(({ input, context }) =>
        views.refund(refunds.giveBack(input.tradeNo, writer(context))),
      ),
      keep: os.refunds.keep.handler(({ input, context }) =>
        views.trade(refunds.keep(input.tradeNo, input.reason, writer(context))),
      ),
    },
    outbox: {
      list: os.outbox.list.handler(({ input }) => {
        const page = store.outbox.list(input);
        return { items: page.items.map(views.outboxEntry), nextCursor: page.nextCursor };
      }),
      retry: os.outbox.retry.handler(({ input }) => views.outboxEntry(deps.outbox.retry(input.entryId))),
      setAside: os.outbox.setAside.handler(({ input, context }) =>
        views.outboxEntry(deps.outbox.setAside(input.entryId, input.reason, context.by)),
      ),
    },
    relay: {
      status: os.relay.status.handler(() => deps.relay.status()),
      enrol: os.relay.enrol.handler(({ input, context }) => deps.relay.enrol(input, context.by)),
      test: os.relay.test.handler(() => deps.relay.test()),
    },
    shifts: {
      current: os.shifts.current.handler(() => shifts.current()),
      list: os.shifts.list.handler(({ input }) => shifts.list(input.cursor, input.limit)),
      open: os.shifts.open.handler(({ context }) => shifts.open(context.by)),
      close: os.shifts.close.handler(({ input, context }) => shifts.close(input.reason, context.by)),
      handOver: os.shifts.handOver.handler(async ({ input, context }) =>
        shifts.handOver(await access.takesOver(input.to, context, context.who), input.reason, context.by),
      ),
      csv: os.shifts.csv.handler(({ input }) => shifts.csv(input.shiftId)),
    },
    bills: {
      list: os.bills.list.handler(({ input }) => bills.views.list(input.cursor, input.limit)),
      get: os.bills.get.handler(({ input }) => bills.views.byId(input.billId)),
      fetch: os.bills.fetch.handler(({ input }) =>
        bills.views.byId(bills.reconcile.fetch(input.channel, input.day, input.kind)),
      ),
      drop: os.bills.drop.handler(({ input }) => bills.views.byId(bills.reconcile.drop(input))),
      piece: os.bills.piece.handler(async ({ input }) => {
        const { billId, position, base64, isLast } = input;
        await bills.reconcile.addPiece(billId, position, Buffer.from(base64, 'base64'), isLast);
        return bills.views.byId(billId);
      }),
      lines: os.bills.lines.handler(({ input }) =>
        bills.views.lines(input.billId, input.class, input.cursor, input.limit),
      ),
      ask: os.bills.ask.handler(({ input }) => {
        bills.reconcile.askAgain(input.billId);
        return bills.views.byId(input.billId);
      }),
      resolve: os.bills.resolve.handler(({ input, context }) => {
        bills.reconcile.resolve(input.billId, [input.line], input.reason, context.by);
        return bills.views.byId(input.billId);
      }),
      resolveLines: os.bills.resolveLines.handler(({ input, context }) => {
        bills.reconcile.resolve(input.billId, input.lines, input.reason, context.by);
        return bills.views.byId(input.billId);
      }),
      stop: os.bills.stop.handler(async ({ input }) => {
        await bills.reconcile.stopOne(input.billId);
        return bills.views.byId(input.billId);
      }),
      csv: os.bills.csv.handler(({ input }) => bills.views.csv(input.billId, input.cursor)),
    },
    reports: {
      takings: os.reports.takings.handler(({ input }) => reports.report(wishOf(input))),
      csv: os.reports.csv.handler(async ({ input }) =>
        reportCsv(await reports.report(wishOf(input)), input.lang),
      ),
    },
    auth: {
      login: os.auth.login.handler(({ input, context }) => desk.login(input, context)),
      refresh: os.auth.refresh.handler(({ input, context }) => desk.refresh(input, context)),
      logout: os.auth.logout.handler(({ context }) => desk.logout(context)),
      session: os.auth.session.handler(({ context }) => desk.session(context)),
      names: os.auth.names.handler(({ input }) => people.names(input.may)),
      present: os.auth.present.handler(({ context }) => desk.present(context)),
      lock: os.auth.lock.handler(({ context }) => desk.lock(context)),
      unlock: os.auth.unlock.handler(({ input, context }) => desk.unlock(input.pin, context)),
    },
    people: {
      list: os.people.list.handler(() => people.list()),
      setUpOwner: os.people.setUpOwner.handler(({ input, context }) => desk.setUpOwner(input, context)),
      add: os.people.add.handler(({ input, context }) => people.add(input, decider(access, context, input))),
      change: os.people.change.handler(({ input, context }) =>
        people.change(input, decider(access, context, input)),
      ),
      resetPin: os.people.resetPin.handler(({ input, context }) =>
        people.resetPin(input, decider(access, context, input)),
      ),
      disable: os.people.disable.handler(({ input, context }) =>
        people.disable(input.personId, decider(access, context, input)),
      ),
      changePin: os.people.changePin.handler(({ input, context }) => desk.changePin(input, context)),
    },
    policy: {
      get: os.policy.get.handler(() => store.policy.get()),
      set: os.policy.set.handler(({ input, context }) =>
        deps.policy.set(input, decider(access, context, input).by),
      ),
    },
    events: os.events.handler(async function* ({ lastEventId, signal, context }) {
      const end = desk.streamEnd(context, deps.clock);
      try {
        const signals = signal ? [signal, end.signal] : [end.signal];
        yield* deps.stream(lastEventId, AbortSignal.any(signals));
      } finally {
        end.stop();
      }
    }),
  });
}

/** Which days a report is about; today, when nothing else is said. */
function wishOf({ period = 'today', from, to }: z.infer<typeof ReportInput>): ReportWish {
  return from === undefined || to === undefined ? { period } : { from, to };
}

/** In whose name a call writes. Nobody is signed in at a window: what it asks for is the till's. */
function decider(
  access: Access,
  { who, by }: { who: Who; by: By },
  { reason }: { reason?: string | undefined },
): Decider {
  return { standing: () => access.standingNow(who), by: { ...by, reason: reason ?? null } };
}

function writer({ by, hold }: { by: By; hold?: Hold }): Writer & { fence: Hold | undefined } {
  return { by, fence: hold };
}

/** The order that the lock is on. Throws `missing` when there is no such thing. */
function orderOf(row: { orderNo: string } | undefined, missing: ErrorCode): string {
  if (!row) throw new ServiceError(missing);
  return row.orderNo;
}

function withoutUndefined<T extends object>(input: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
