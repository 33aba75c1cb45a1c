import { type EndOfTurn, systemEndOfTurn } from '../../ports/turn.ts';

/**
 * Tells those who listen that something happened: `committed` when the event table grew, `checked` when a
 * wallet was asked about a trade, `status` when an ability of the till changed. Carries no data that could
 * be lost: listeners read the state themselves.
 */
export type Signal = { kind: 'committed' } | { kind: 'checked'; tradeNo: string } | { kind: 'status' };

export type Hub = ReturnType<typeof createHub>;

export function createHub(endOfTurn: EndOfTurn = systemEndOfTurn) {
  const listeners = new Set<(signal: Signal) => void>();
  const followers = new Set<() => void>();
  let isFollowing = false;

  /** Once for all commits of a turn, when those who stream have said what happened. */
  function follow(): void {
    if (isFollowing || followers.size === 0) return;
    isFollowing = true;
    endOfTurn(() => {
      isFollowing = false;
      for (const follower of [...followers]) follower();
    });
  }

  return {
    tell(signal: Signal): void {
      for (const listener of [...listeners]) listener(signal);
      if (signal.kind === 'committed') follow();
    },
    /** For what follows from commits and may wait until a screen has been told of them. */
    followCommits(follower: () => void): () => void {
      followers.add(follower);
      return () => followers.delete(follower);
    },
    listen(listener: (signal: Signal) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    get listenerCount(): number {
      return listeners.size;
    },
  };
}
