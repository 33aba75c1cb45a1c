import type { Random } from '../../ports/random.ts';

/** Chance for one party of the simulated world, drawn from the seed and the party's name. */
export interface Chance extends Random {
  /** In [0, 1). */
  float(): number;
  /** A whole number, both ends included. */
  int(min: number, max: number): number;
  /** True so often. */
  happens(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** One of the names, each as likely as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K;
  /** Chance of a further party: what it draws shifts nobody else's. */
  of(name: string): Chance;
}

/** All chance of one world. The same seed gives the same draws on every machine. */
export function chanceFrom(seed: string): Chance {
  const next = sfc32(seed);
  const chance: Chance = {
    float: () => next() / 2 ** 32,
    int: (min, max) => min + Math.floor((next() / 2 ** 32) * (max - min + 1)),
    happens: (probability) => next() / 2 ** 32 < probability,
    pick<T>(from: readonly T[]): T {
      const picked = from[chance.int(0, from.length - 1)];
      if (picked === undefined) throw new Error('Nothing to pick from.');
      return picked;
    },
    weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
      const entries = Object.entries(weights) as [K, number][];
      let rest = chance.float() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [name, weight] of entries) {
        rest -= weight;
        if (rest < 0) return name;
      }
      throw new Error('Nothing to weigh.');
    },
    of: (name) => chanceFrom(`${seed}/${name}`),
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at++) bytes[at] = next() >>> 24;
      return bytes;
    },
  };
  return chance;
}

/** Chris Doty-Humphrey's small fast counter generator: 128 bit of state, passes PractRand. Gives 32 bit. */
function sfc32(seed: string): () => number {
  let [a, b, c] = [textHash(seed, 1), textHash(seed, 2), textHash(seed, 3)];
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let turn = 0; turn < 12; turn++) next();
  return next;
}

/** FNV-1a with a final mix. */
export function textHash(text: string, salt = 0): number {
  let hash = 0x811c9dc5 ^ salt;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
