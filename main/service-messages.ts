/** What main and its two service processes say to each other. */
export type ToService =
  /** The first message. The merchant's keys travel here, never in arguments or environment. */
  | { type: 'start'; merchant: Record<string, unknown> | null }
  /** Comes with one port, on which the contract is then served. */
  | { type: 'connect' }
  | { type: 'stop' };

export type FromService =
  /** It works. `origin` is its HTTP address, where it has one. */
  | { type: 'started'; origin: string | null }
  /** It cannot start, for a reason a person can mend; it exits with {@link EXIT_UNUSABLE}. */
  | { type: 'failed'; message: string };

/** Exit code of a service that a restart cannot mend. */
export const EXIT_UNUSABLE = 2;
