import type { Clock } from '../ports/clock.ts';

export interface AdmissionLimits {
  /** Posts that are being taken in at once: in all, and of one till. */
  inFlightMax: number;
  inFlightPerTillMax: number;
  /** Lasting rates a second; four times as many may come at once. */
  perTill: number;
  perSource: number;
  inAll: number;
}

export const ADMISSION_LIMITS: AdmissionLimits = {
  inFlightMax: 512,
  inFlightPerTillMax: 64,
  perTill: 50,
  perSource: 200,
  inAll: 5_000,
};

export type Refusal = 'too_many_at_once' | 'too_often';

/** Buckets that are kept; when there are more, those that are full again are dropped, then the oldest. */
const BUCKETS_MAX = 20_000;
const BURST = 4;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** A token bucket per key, in bounded memory. */
export function createRateLimit(clock: Clock, perSecond: number): { take(key: string): boolean } {
  const buckets = new Map<string, Bucket>();
  const size = perSecond * BURST;

  return {
    take(key) {
      const now = clock.monotonicMs();
      const bucket = buckets.get(key);
      if (bucket) {
        bucket.tokens = Math.min(size, bucket.tokens + ((now - bucket.atMs) * perSecond) / 1_000);
        bucket.atMs = now;
        if (bucket.tokens < 1) return false;
        bucket.tokens -= 1;
        return true;
      }
      if (buckets.size >= BUCKETS_MAX) makeRoom(now);
      buckets.set(key, { tokens: size - 1, atMs: now });
      return true;
    },
  };

  function makeRoom(now: number): void {
    for (const [key, { atMs }] of buckets) {
      if (now - atMs > BURST * 1_000) buckets.delete(key);
    }
    for (const key of buckets.keys()) {
      if (buckets.size < BUCKETS_MAX) return;
      buckets.delete(key);
    }
  }
}

export interface Admission {
  /** A place for one post, to be left exactly once; or why there is none. */
  enter(till: string, source: string): Refusal | { leave(): void };
}

/** Who may post now: so many at once, so often, for one till, from one source, and in all. */
export function createAdmission(clock: Clock, limits: AdmissionLimits): Admission {
  const perTill = createRateLimit(clock, limits.perTill);
  const perSource = createRateLimit(clock, limits.perSource);
  const inAll = createRateLimit(clock, limits.inAll);
  const inFlight = new Map<string, number>();
  let inFlightAll = 0;

  return {
    enter(till, source) {
      const here = inFlight.get(till) ?? 0;
      if (inFlightAll >= limits.inFlightMax || here >= limits.inFlightPerTillMax) return 'too_many_at_once';
      // The source first: who floods uses up what is his own.
      if (!perSource.take(source) || !perTill.take(till) || !inAll.take('')) return 'too_often';
      inFlight.set(till, here + 1);
      inFlightAll += 1;
      return {
        leave() {
          inFlightAll -= 1;
          const left = (inFlight.get(till) ?? 1) - 1;
          if (left > 0) inFlight.set(till, left);
          else inFlight.delete(till);
        },
      };
    },
  };
}
