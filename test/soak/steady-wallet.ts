import type { Chance } from '../sim/random.ts';

/** A pause after a refusal, ms: the wallets' are quarters of minutes. */
const PAUSE_MS = 25;
const FILLER = 'x'.repeat(900);

/** A wallet under load: posts one notification after the other, each again and again until it is acknowledged. */
export interface SteadyWallet {
  /** The ids that it was told “I have it” about. */
  acknowledged: ReadonlySet<string>;
  posts(): number;
  /** Resolves once so many further ones are acknowledged. */
  further(count: number): Promise<void>;
  /** Begins no new one; resolves once every one that it began is acknowledged. */
  finish(): Promise<void>;
}

/** Posts to `till` at any of `origins`, so many at once. */
export function startWallet(options: {
  origins: readonly string[];
  till: string;
  atOnce: number;
  chance: Chance;
}): SteadyWallet {
  const { origins, till, chance } = options;
  const acknowledged = new Set<string>();
  const watchers = new Set<() => void>();
  let isOver = false;
  let begun = 0;
  let posts = 0;

  async function isTaken(id: string): Promise<boolean> {
    posts += 1;
    const body = JSON.stringify({ id, filler: FILLER });
    try {
      const answer = await fetch(`${chance.pick(origins)}/notify/${till}/wechat`, { method: 'POST', body });
      await answer.arrayBuffer();
      return answer.status === 204;
    } catch {
      // The node died under it: nothing was said.
      return false;
    }
  }

  async function poster(): Promise<void> {
    while (!isOver) {
      begun += 1;
      const id = `EV-${begun}`;
      while (!(await isTaken(id))) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      acknowledged.add(id);
      for (const watch of [...watchers]) watch();
    }
  }

  const posters = Array.from({ length: options.atOnce }, poster);
  return {
    acknowledged,
    posts: () => posts,
    further(count) {
      const enough = acknowledged.size + count;
      return new Promise((resolve) => {
        const watch = () => {
          if (acknowledged.size < enough) return;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
      });
    },
    async finish() {
      isOver = true;
      await Promise.all(posters);
    },
  };
}
