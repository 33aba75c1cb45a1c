/** Who brought something about: a person of the shop, another system with a key of its own, or the till itself. */
export type Actor =
  | { kind: 'person'; personId: string }
  | { kind: 'integrator'; name: string }
  | { kind: 'till' };

/**
 * By whom something was done, and from where: `window` a window of the till · `http` another system's call ·
 * `relay` a notification that the relay brought · `wallet` a wallet's answer to a question · `till` a timer or a
 * rule of ours · `restore` what a backup's journal knew. `approvedBy`: the person who allowed it.
 */
export interface By {
  actor: Actor;
  via: 'window' | 'http' | 'relay' | 'wallet' | 'till' | 'restore';
  /** In a person's words. */
  reason: string | null;
  /** A `personId`. */
  approvedBy: string | null;
}

/** What the till does by itself, on a word that came `via`. */
export function byTill(via: By['via'] = 'till'): By {
  return { actor: { kind: 'till' }, via, reason: null, approvedBy: null };
}
