import { type Fault, type FaultOrder, type Operation, VOCABULARY } from './vocabulary.ts';

/** What a wallet was asked, as far as faults are chosen by it. */
export interface AskedFor {
  channel: 'alipay' | 'wechat';
  operation: Operation;
  tradeNo: string | null;
}

/** The faults that befall one exchange: delays and skews add up, of the others the one armed first counts. */
export interface Plight {
  delayBeforeMs: number;
  delayAfterMs: number;
  skewMs: number;
  main: Exclude<Fault, { kind: 'delay' | 'late' | 'clock_skew' }> | null;
}

interface Armed {
  id: number;
  order: FaultOrder;
  left: number | 'always';
  skip: number;
}

export const FAULTS_MAX = 1_000;
export const NO_PLIGHT: Plight = { delayBeforeMs: 0, delayAfterMs: 0, skewMs: 0, main: null };

/** The faults in waiting, in the order of arming. */
export class ArmedFaults {
  #armed: Armed[] = [];
  #nextId = 1;

  /** Null when too many are armed already. */
  arm(order: FaultOrder): { id: number } | null {
    if (this.#armed.length >= FAULTS_MAX) return null;
    const id = this.#nextId++;
    this.#armed.push({ id, order, left: order.times, skip: order.skip });
    return { id };
  }

  clear(): number {
    const count = this.#armed.length;
    this.#armed = [];
    return count;
  }

  list(): object[] {
    return this.#armed.map(({ id, order, left, skip }) => ({
      id,
      on: order.on,
      fault: order.fault,
      left,
      skip,
    }));
  }

  /** Takes what this request meets; each taken fault is used up by one. */
  take(asked: AskedFor): Plight {
    const plight = { ...NO_PLIGHT };
    for (const armed of this.#armed) {
      if (!meets(armed.order, asked)) continue;
      const { fault } = armed.order;
      const adds = fault.kind === 'delay' || fault.kind === 'late' || fault.kind === 'clock_skew';
      // One that waits its turn behind another is not used up.
      if (!adds && plight.main) continue;
      if (armed.skip > 0) {
        armed.skip--;
        continue;
      }
      if (armed.left !== 'always') armed.left--;
      if (fault.kind === 'delay')
        plight[fault.when === 'before' ? 'delayBeforeMs' : 'delayAfterMs'] += fault.ms;
      else if (fault.kind === 'late') plight.delayBeforeMs += fault.ms;
      else if (fault.kind === 'clock_skew') plight.skewMs += fault.ms;
      else plight.main = fault;
    }
    this.#armed = this.#armed.filter((armed) => armed.left !== 0);
    return plight;
  }
}

function meets({ on, fault }: FaultOrder, asked: AskedFor): boolean {
  const { on: channels, operations, notify = [] } = VOCABULARY[fault.kind];
  if (on.channel !== '*' && on.channel !== asked.channel) return false;
  if (on.tradeNo !== undefined && on.tradeNo !== asked.tradeNo) return false;
  // `*` is all that a till asks; what a wallet posts by itself is named.
  if (asked.operation === 'notify') return on.operation === 'notify' && notify.includes(asked.channel);
  return (
    (on.operation === '*' || on.operation === asked.operation) &&
    channels.includes(asked.channel) &&
    operations.includes(asked.operation)
  );
}
