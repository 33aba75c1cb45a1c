import type { Clock } from '../ports/clock.ts';

export interface AdmissionLimits {
  /** Posts that are being taken in at once: in all, for one till, and from one source, which must not take all of a till's. */
  inFlightMax: number;
  inFlightPerTillMax: number;
  inFlightPerSourceMax: number;
  /** Lasting rates a second; four times as many may come at once. One source must not use up a till's. */
  perTill: number;
  perTillOfSource: number;
  perSource: number;
  inAll: number;
}

export const ADMISSION_LIMITS: AdmissionLimits = {
  inFlightMax: 512,
  inFlightPerTillMax: 64,
  inFlightPerSourceMax: 48,
  perTill: 50,
  perTillOfSource: 40,
  perSource: 200,
  inAll: 5_000,
};

type Refusal = 'too_many_at_once' | 'too_often';

/** Buckets that are kept; the one unused for longest makes room. */
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
        // Back to the end: the first is the one unused for longest.
        buckets.delete(key);
        buckets.set(key, bucket);
        bucket.tokens = Math.min(size, bucket.tokens + ((now - bucket.atMs) * perSecond) / 1_000);
        bucket.atMs = now;
        if (bucket.tokens < 1) return false;
        bucket.tokens -= 1;
        return true;
      }
      if (buckets.size >= BUCKETS_MAX) {
        for (const oldest of buckets.keys()) {
          buckets.delete(oldest);
          break;
        }
      }
      buckets.set(key, { tokens: size - 1, atMs: now });
      return true;
    },
  };
}

export interface Admission {
  /** A place for one post, to be left exactly once; or why there is none. */
  enter(till: string, source: string): Refusal | { leave(): void };
}

/** Who may post now: so many at once, so often, for one till, from one source, and in all. */
export function createAdmission(clock: Clock, limits: AdmissionLimits): Admission {
  const perTill = createRateLimit(clock, limits.perTill);
  const perTillOfSource = createRateLimit(clock, limits.perTillOfSource);
  const perSource = createRateLimit(clock, limits.perSource);
  const inAll = createRateLimit(clock, limits.inAll);
  const tills = createPlaces(limits.inFlightPerTillMax);
  const sources = createPlaces(limits.inFlightPerSourceMax);
  let inFlightAll = 0;

  return {
    enter(till, source) {
      if (inFlightAll >= limits.inFlightMax || tills.full(till) || sources.full(source)) {
        return 'too_many_at_once';
      }
      // The source first: who floods uses up what is his own.
      if (!perSource.take(source) || !perTillOfSource.take(`${till}\n${source}`)) return 'too_often';
      if (!perTill.take(till) || !inAll.take('')) return 'too_often';
      tills.enter(till);
      sources.enter(source);
      inFlightAll += 1;
      return {
        leave() {
          tills.leave(till);
          sources.leave(source);
          inFlightAll -= 1;
        },
      };
    },
  };
}

/** So many at once under one name; names with nobody in are not kept. */
export function createPlaces(max: number) {
  const taken = new Map<string, number>();
  const count = (name: string) => taken.get(name) ?? 0;
  return {
    full: (name: string) => count(name) >= max,
    enter: (name: string) => {
      taken.set(name, count(name) + 1);
    },
    leave(name: string) {
      if (count(name) > 1) taken.set(name, count(name) - 1);
      else taken.delete(name);
    },
  };
}
