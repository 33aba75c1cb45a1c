import { createHash } from 'node:crypto';

/** What happened in a world, line by line: for reading after a failure, and as a hash that a replay must repeat. */
export interface Trace {
  /** Numbers of orders and trades stay as they are; keys and signatures never come in. */
  say(who: string, what: string): void;
  readonly lines: readonly string[];
  hash(): string;
}

export function newTrace(elapsedMs: () => number): Trace {
  const lines: string[] = [];
  return {
    say(who, what) {
      lines.push(`${(elapsedMs() / 1_000).toFixed(3).padStart(9)} ${who.padEnd(9)} ${what}`);
    },
    lines,
    hash: () => createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16),
  };
}
