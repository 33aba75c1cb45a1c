import type { Express } from 'express';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import type { EndOfTurn } from '../ports/turn.ts';
import { createRouter, type Router } from './dispatcher.ts';
import { fen } from './domain/money.ts';
import { storeDays } from './domain/store-time.ts';
import { createApp } from './http/app.ts';
import { createAuth } from './http/auth.ts';
import { type Locks, type LockUser, processLocks } from './open-locks.ts';
import { type OpenSessions, openPeople, sessionsInDatabase } from './open-people.ts';
import { type KeyPlace, keysInMemory } from './people/token-keys.ts';
import { createProblems } from './problems.ts';
import type { Provider } from './providers/provider.ts';
import { createIntake } from './relay/intake.ts';
import { createRelayClient, type RelayPorts } from './relay/relay-client.ts';
import { portServer } from './serve.ts';
import { createAsk } from './services/ask.ts';
import { createAskFind } from './services/ask-find.ts';
import { createAskRefund } from './services/ask-refund.ts';
import { createBackupWatch } from './services/backup-watch.ts';
import { createAskAboutLine } from './services/bill-ask.ts';
import { createBillRun } from './services/bill-run.ts';
import { createBillViews } from './services/bill-views.ts';
import { createCancel } from './services/cancel.ts';
import { createCharge } from './services/charge.ts';
import { createClaims } from './services/claims.ts';
import { createDeadlines } from './services/deadlines.ts';
import { createDrain } from './services/drain.ts';
import { createFoundRefunds } from './services/found-refunds.ts';
import { createGreet } from './services/greet.ts';
import { createHub } from './services/hub.ts';
import { createIncidentFile } from './services/incident-file.ts';
import { createIndexing } from './services/indexing.ts';
import { createKeptHours } from './services/kept-hours.ts';
import { createLostTrades } from './services/lost-trades.ts';
import { createNeighbours } from './services/neighbours.ts';
import { createNotify } from './services/notify.ts';
import { createNumbers } from './services/numbers.ts';
import { createObserve } from './services/observe.ts';
import { createOrders } from './services/orders.ts';
import { createOutbox } from './services/outbox.ts';
import { createReconcile } from './services/reconcile.ts';
import { createRefunds } from './services/refund.ts';
import { createRefundBook } from './services/refund-book.ts';
import { createReports } from './services/reports.ts';
import { createRestoring } from './services/restoring.ts';
import { createSettle } from './services/settle.ts';
import { createSettleRefund } from './services/settle-refund.ts';
import { createShifts } from './services/shifts.ts';
import { createStatus } from './services/status.ts';
import { createStorageWatch } from './services/storage-watch.ts';
import { createStream } from './services/stream.ts';
import { createTell } from './services/tell.ts';
import { type StartSettings, tellSettings } from './services/tell-settings.ts';
import { createToday, type Till } from './services/till.ts';
import { createViews } from './services/views.ts';
import { createWaitingWatch } from './services/waiting-watch.ts';
import { createWalletTime } from './services/wallet-time.ts';
import { createWallets } from './services/wallets.ts';
import { createWebhook, type WebhookTarget } from './services/webhook.ts';
import { asStorageError, type Db } from './store/database.ts';
import type { Disk } from './store/disk.ts';
import type { OutboxEntry } from './store/outbox-entry.ts';
import { createStore } from './store/store.ts';
import type { Mode } from './store/till.ts';

/** Everything of the world that the backend touches, and what it must know to run. */
export interface BackendPorts {
  clock: Clock;
  random: Random;
  endOfTurn: EndOfTurn;
  log: Log;
  db: Db;
  /** One per configured channel. */
  providers: readonly Provider[];
  metrics: Registry;
  mode: Mode;
  version: string;
  shopName: string;
  /** Where the store's days begin and end, an IANA name. */
  timeZone: string;
  /** The sandbox customer's phone; null in live mode. */
  phoneUrl: string | null;
  chargeTtlMs: number;
  amountMaxFen: number;
  /** Up to this a payment that nobody asked for is given back by rule. */
  refundAutomaticMaxFen: number;
  /** Where the shop's systems are told of payments; null: nowhere. */
  webhook: WebhookTarget | null;
  apiKey: string | undefined;
  /** What the ledger is told that the till was started with; absent: nothing. */
  settings?: StartSettings;
  allowedHosts: readonly string[];
  /** Folder of the built screens to serve over HTTP. */
  uiDir: string | undefined;
  relay: RelayPorts;
  /** Where the order locks are kept; in this process unless said otherwise. */
  locks?: (user: LockUser) => Locks;
  /** Where people's sessions are kept; in the database unless said otherwise. */
  openSessions?: OpenSessions;
  /** Where the keys for access tokens are kept; in memory unless said otherwise. */
  tokenKeys?: KeyPlace;
  /** Other processes write to this database too, and the locks are leases in it. */
  isFolderShared?: boolean;
  /** The till's files beside `db`; absent for a database in memory. `onJournal` hears how writing the journal goes. */
  openDisk?: (tillId: string, onJournal: (error: unknown) => void) => Disk;
}

export interface Backend {
  api: Router;
  http: Express;
  /** Serves the contract on a MessagePort of a window. */
  servePort: ReturnType<typeof portServer>;
  /** Path of a fresh one-time link that lets a browser window in. */
  newLinkPath(): string;
  /** Open event streams and waiting calls, for metrics and tests. */
  listenerCount(): number;
  /** Takes up unfinished trades. */
  start(): void;
  /** Ends every question under way; nothing is written afterwards. */
  stop(): Promise<void>;
}

/** Questions to one wallet under way at once; more would only queue there. */
const ASKING_MAX = 8;

/** The composition root: the one place that knows every concrete part. Throws `StorageError` `other_mode`. */
export function createBackend(ports: BackendPorts): Backend {
  const { random, log, metrics } = ports;
  const clock = createWalletTime(ports.clock);
  const { webhook } = ports;
  const isFolderShared = ports.isFolderShared ?? false;
  const store = createStore(
    ports.db,
    {
      onFault: (fault) => storageWatch.onFault(fault),
      onCommit(written) {
        storageWatch.onCommit();
        if (written.length > 0) disk?.journal.add(written);
      },
      ...(webhook ? { beforeCommit: (events) => tell(events) } : {}),
    },
    isFolderShared,
    ports.endOfTurn,
  );

  const hub = createHub(ports.endOfTurn);
  const answers = new Counter({
    name: 'mianfu_wallet_answers_total',
    help: 'Questions to the wallets by channel and outcome',
    labelNames: ['channel', 'outcome'],
    registers: [metrics],
  });
  const wallets = createWallets(ports.providers, clock.nowMs(), (channel, outcome) =>
    answers.inc({ channel, outcome }),
  );
  const status = createStatus({
    clock,
    wallets,
    store,
    isRestoring: () => restoring.isRestoring(),
    push: () => relay.push(),
    backup: () => backups?.read() ?? null,
  });
  const storageWatch = createStorageWatch({
    clock,
    store,
    status,
    hub,
    isIdle: () => !store.outbox.anyDue(),
    checkpoint: async () => (disk ? await disk.checkpoint() : store.checkpoint()),
  });
  const tillId = store.transact(() => store.till.identify(ports.mode, clock.nowMs(), random.bytes(4)));
  const disk = ports.openDisk?.(tillId, (error) => backups?.onJournal(error));
  const backups = disk && createBackupWatch({ clock, log, disk, hub, ledgerHead: store.events.head });
  const restoring = createRestoring({ store, hub });
  const numbers = createNumbers({ store, clock, random, tillId });
  const book = createRefundBook({ store, numbers, notifyUrl: (channel) => relay.notifyUrl(channel) });
  const settle = createSettle(store, { automaticMaxFen: fen(ports.refundAutomaticMaxFen) }, book);
  const settleRefund = createSettleRefund(store, book);
  const found = createFoundRefunds({ store, book, settleRefund, tillId });
  const observe = createObserve(clock, wallets);
  const ask = createAsk({ clock, random, store, settle, wallets, observe });
  const askRefund = createAskRefund({ clock, random, store, settle: settleRefund, wallets, observe });
  const askFind = createAskFind({ clock, random, store, found, wallets, observe });
  const drain = createDrain({
    clock,
    random,
    log,
    store,
    hub,
    workers: [
      ...wallets.channels.map((queue) => ({
        queue,
        parallel: ASKING_MAX,
        run(entry: OutboxEntry, signal: AbortSignal) {
          if (entry.kind === 'refund_find') return askFind(entry, signal);
          return entry.refundNo === null ? ask(entry, signal) : askRefund(entry, signal);
        },
      })),
      ...(webhook ? [createWebhook({ clock, random, log, store, target: webhook })] : []),
    ],
    alone: !isFolderShared,
  });
  const intake = createIntake({
    clock,
    log,
    metrics,
    notify: createNotify({
      clock,
      store,
      settle,
      settleRefund,
      wallets,
      lostTrades: createLostTrades({ store, tillId }),
      hub,
      drain,
    }),
  });
  const relay = createRelayClient(ports.relay, {
    clock,
    random,
    log,
    store,
    tillId,
    isLive: ports.mode === 'live',
    intake,
    canKeep: () => status.read().storage.ok,
    changed: () => hub.tell({ kind: 'status' }),
  });
  const greet = createGreet({ clock, hub, wallets, tillId, observe });
  const deadlines = createDeadlines({ clock, log, store, settle, hub });
  const indexing = createIndexing({ clock, log, store, hub });
  const waitingWatch = createWaitingWatch({ clock, store, hub });
  new Gauge({
    name: 'mianfu_outbox_due',
    help: 'Intents that are still to be carried out',
    registers: [metrics],
    collect() {
      this.set(store.outbox.counts().due);
    },
  });
  const views = createViews({ store, drain });
  const tell = createTell({ store, random, views, tillId });
  const { settings } = ports;
  if (settings) store.transact(() => tellSettings(store, clock.nowMs(), settings));
  const problems = createProblems({
    log,
    random,
    onStorageError(error) {
      storageWatch.onFault(error);
    },
  });
  const locks = (ports.locks ?? processLocks(ports.clock))({
    tillId,
    mode: ports.mode,
    clock,
    greatestSeen: (orderNo) => store.fences.greatest(orderNo),
    onAway(isAway) {
      status.noteLocks(isAway);
      hub.tell({ kind: 'status' });
    },
  });
  const { mutex } = locks;
  const claims = createClaims({ claims: locks.claims, mutex, store, hub, settle, clock, log, tillId });
  const neighbours = createNeighbours({ clock, store, hub });
  const { amountMaxFen, shopName, timeZone } = ports;
  const days = storeDays(timeZone);
  const reconcile = createReconcile({
    store,
    clock,
    log,
    wallets,
    run: createBillRun({ store, clock, tillId, endOfTurn: ports.endOfTurn }),
    ask: createAskAboutLine({ store, clock, wallets, settle, settleRefund, found, observe, hub }),
    isAlone: !isFolderShared,
  });
  const staff = openPeople({
    store,
    clock,
    random,
    log,
    tillId,
    mode: ports.mode,
    tokenKeys: ports.tokenKeys ?? keysInMemory(),
    openSessions: ports.openSessions ?? sessionsInDatabase,
  });
  const mayCharge = () => {
    storageWatch.mustBeSound();
    restoring.mustBeDone();
  };
  const till: Till = {
    tillId,
    shopName,
    timeZone,
    mode: ports.mode,
    version: ports.version,
    channels: wallets.channels,
    chargeTtlMs: ports.chargeTtlMs,
    amountMaxFen,
    phoneUrl: ports.phoneUrl,
  };
  const router = createRouter({
    access: staff.access,
    policy: staff.policy,
    desk: staff.desk,
    people: staff.people,
    clock: ports.clock,
    mutex,
    store,
    till,
    today: createToday({ store, clock, days }),
    status,
    orders: createOrders({ store, clock, hub, amountMaxFen }),
    incidentFile: createIncidentFile({ store, clock, till }),
    charges: createCharge({
      store,
      clock,
      hub,
      drain,
      wallets,
      numbers,
      claims,
      shopName,
      mayCharge,
      amountMaxFen,
      ttlMs: ports.chargeTtlMs,
      notifyUrl: relay.notifyUrl,
    }),
    cancel: createCancel({ store, clock, hub, settle, claims }),
    refunds: createRefunds({ store, clock, hub, book, drain, mayRefund: mayCharge }),
    greeted: greet.ready,
    outbox: createOutbox({ store, clock, hub, book }),
    views,
    checkNow(charge) {
      store.transact(() => {
        for (const { tradeNo } of charge.trades) store.outbox.hurry(tradeNo, clock.nowMs());
      });
      drain.hurry(charge.trades.map(({ channel }) => channel));
    },
    relay,
    shifts: createShifts({ store, clock }),
    reports: createReports({
      store,
      clock,
      days,
      hours: createKeptHours({ store, days, endOfTurn: ports.endOfTurn }),
    }),
    bills: { reconcile, views: createBillViews(store, reconcile.progressOf) },
    stream: createStream({ store, hub, clock, status, views }),
  });
  const auth = createAuth({ store, clock, random, tillId, apiKey: ports.apiKey, tokens: staff.tokens });

  return {
    api: router,
    http: createApp({
      router,
      problems,
      auth,
      metrics,
      version: ports.version,
      allowedHosts: ports.allowedHosts,
      uiDir: ports.uiDir,
      health: () => status.read().storage.reason,
    }),
    servePort: portServer(router, problems, tillId),
    newLinkPath: auth.newLinkPath,
    listenerCount: () => hub.listenerCount,
    start() {
      greet.start();
      restoring.start();
      drain.start();
      deadlines.start();
      indexing.start();
      waitingWatch.start();
      storageWatch.start();
      claims.start();
      relay.start();
      reconcile.start();
      if (isFolderShared) neighbours.start();
      backups?.start();
      disk?.check().catch((error) => storageWatch.onFault(asStorageError(error)));
    },
    async stop() {
      storageWatch.stop();
      restoring.stop();
      neighbours.stop();
      deadlines.stop();
      indexing.stop();
      waitingWatch.stop();
      await Promise.all([greet.stop(), drain.stop(), relay.stop(), reconcile.stop()]);
      await Promise.all([claims.stop(), mutex.stop()]);
      locks.close();
      staff.close();
      await backups?.stop();
    },
  };
}
