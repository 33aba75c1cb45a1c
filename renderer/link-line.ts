import type { ClientLink } from '@orpc/client';

/** One open connection to the backend. */
export type Line = ClientLink<Record<never, never>>;

/** Opens a line; `onLost` is called when it is known to be dead. */
export type OpenLine = (onLost: () => void) => Promise<Line>;
