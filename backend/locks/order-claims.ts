import type { Hold } from './order-mutex.ts';

/** A till's word to the others about an order: it outlives the call that gave it. */
export interface Claim {
  /** The till's id. */
  holder: string;
  /** Unix ms after which the claim ends by itself. */
  untilMs: number;
  /**
   * `live`: a code of this order can be paid there. `paid`: it was paid there. `returning`: what was paid there
   * goes back, or waits for a person to say so; nobody needs to give way to it who had been paid already.
   */
  state: 'live' | 'paid' | 'returning';
}

/**
 * What tills with separate databases know of each other's orders. Written under the order's lock: a write
 * throws `LeaseLost`, with nothing written, when a later holder has been there. All throw `LockUnavailable`.
 */
export interface OrderClaims {
  read(orderNo: string): Promise<Claim | null>;
  /** Sets the claim, in place of any other. Safe to repeat. */
  claim(hold: Hold, claim: Claim): Promise<void>;
  /** Takes back a `live` claim of `holder`'s; leaves every other. Safe to repeat. */
  release(hold: Hold, holder: string): Promise<void>;
  /** Whether others read these claims, so that they must be kept up. */
  readonly areShared: boolean;
}

/** Where all tills share one database, it says everything itself. */
export function databaseClaims(): OrderClaims {
  return { areShared: false, read: async () => null, claim: async () => {}, release: async () => {} };
}
