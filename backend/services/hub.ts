/**
 * Tells those who listen that something happened: `committed` when the event table grew, `checked` when a
 * wallet was asked about a trade, `status` when an ability of the till changed. Carries no data that could
 * be lost: listeners read the state themselves.
 */
export type Signal = { kind: 'committed' } | { kind: 'checked'; tradeNo: string } | { kind: 'status' };

export type Hub = ReturnType<typeof createHub>;

export function createHub() {
  const listeners = new Set<(signal: Signal) => void>();
  return {
    tell(signal: Signal): void {
      for (const listener of [...listeners]) listener(signal);
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
