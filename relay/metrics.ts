import { Counter, Gauge, type Registry as Metrics } from 'prom-client';
import type { RelayChannel } from '../wire/relay.ts';
import type { Backlog } from './mailbox.ts';

/** What the relay counts. Labels have few values: never a till, never an id. */
export interface Tally {
  received(channel: RelayChannel): void;
  /** Signed with the wallet's public key that it names, as far as the operator has laid such keys here. */
  verified(channel: RelayChannel): void;
  stored(channel: RelayChannel): void;
  repeated(channel: RelayChannel): void;
  /** Dropped: signed by nobody that it names. */
  forged(channel: RelayChannel): void;
  /** Not taken in; `reason` is one of ours. */
  refused(reason: string): void;
  delivered(): void;
  acknowledged(): void;
  rejected(): void;
}

export interface Standing {
  backlogs: Backlog[];
  connected: number;
  nowMs: number;
}

/** Registers the relay's metrics; `standing` is asked once per scrape. */
export function createTally(metrics: Metrics, standing: () => Promise<Standing>): Tally {
  const registers = [metrics];
  const byChannel = (name: string, help: string) => {
    const counter = new Counter({
      name: `mianfu_relay_${name}_total`,
      help,
      labelNames: ['channel'],
      registers,
    });
    return (channel: RelayChannel) => counter.inc({ channel });
  };
  const plain = (name: string, help: string) => {
    const counter = new Counter({ name: `mianfu_relay_${name}_total`, help, registers });
    return () => counter.inc();
  };
  let asked: Promise<Standing> | null = null;
  /** One question for all gauges of a scrape. */
  const ask = () => {
    asked ??= standing().finally(() => {
      asked = null;
    });
    return asked;
  };
  const gauge = (name: string, help: string, value: (now: Standing) => number) =>
    new Gauge({
      name: `mianfu_relay_${name}`,
      help,
      registers,
      async collect() {
        this.set(value(await ask()));
      },
    });
  gauge('connected_tills', 'Tills with an open connection to this node', ({ connected }) => connected);
  gauge('waiting', 'Deliveries that are stored and not yet acknowledged', ({ backlogs }) =>
    sum(backlogs.map(({ waiting }) => waiting)),
  );
  gauge('dead_letters', 'Deliveries that are not tried any more', ({ backlogs }) =>
    sum(backlogs.map(({ dead }) => dead)),
  );
  gauge('oldest_undelivered_seconds', 'Age of the oldest waiting delivery; 0 when there is none', (now) => {
    const since = now.backlogs.flatMap(({ oldestMs }) => (oldestMs === null ? [] : [oldestMs]));
    return since.length === 0 ? 0 : Math.max(0, (now.nowMs - Math.min(...since)) / 1_000);
  });

  const refused = new Counter({
    name: 'mianfu_relay_refused_total',
    help: 'Posts that were not taken in',
    labelNames: ['reason'],
    registers,
  });
  return {
    received: byChannel('received', 'Posts for a known till'),
    verified: byChannel('verified', 'Posts whose signature the wallet’s public key confirms'),
    stored: byChannel('stored', 'Notifications made durable and answered well'),
    repeated: byChannel('repeated', 'Retries of what was stored before'),
    forged: byChannel('forged', 'Posts dropped for a signature that the wallet’s public key denies'),
    refused: (reason) => refused.inc({ reason }),
    delivered: plain('delivered', 'Deliveries sent to a till, each time counted'),
    acknowledged: plain('acknowledged', 'Deliveries that a till has committed'),
    rejected: plain('rejected', 'Deliveries that a till could not use'),
  };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
