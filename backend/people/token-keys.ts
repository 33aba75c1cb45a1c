import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { HOUR } from '../../ports/clock.ts';
import { ALPHANUMERIC, type Random, randomText } from '../../ports/random.ts';

const ROTATE_MS = 30 * 24 * HOUR;
/** A key that signs no more is still believed for as long as what it signed may last, and more. */
const RETIRED_MS = HOUR;
const SECRET_BYTES = 32;

const Kept = z.object({
  /** Newest last: it signs. Private, PKCS 8 in PEM. */
  keys: z.array(z.object({ kid: z.string(), createdAtMs: z.number(), pem: z.string() })).min(1),
  /** What successors of refresh tokens are derived with, base64url. */
  secret: z.string(),
});
type Kept = z.infer<typeof Kept>;

/** Where the till's keys for tokens are kept. */
export interface KeyPlace {
  /** Null when there are none that can be used. */
  read(): string | null;
  write(text: string): void;
}

const FILE = 'token-keys.json';

/** A file of the data folder that only this account can read. */
export function tokenKeyFile(dir: string): KeyPlace {
  const path = join(dir, FILE);
  return {
    read() {
      try {
        return readFileSync(path, 'utf8');
      } catch {
        // Absent or unreadable: new keys mean that everybody signs in again.
        return null;
      }
    },
    write(text) {
      writeFileSync(`${path}.partial`, text, { mode: 0o600, flush: true });
      renameSync(`${path}.partial`, path);
    },
  };
}

/** For tests and simulations: forgotten with the process. */
export function keysInMemory(): KeyPlace {
  let kept: string | null = null;
  return {
    read: () => kept,
    write(text) {
      kept = text;
    },
  };
}

export type TokenKeys = ReturnType<typeof createTokenKeys>;

/** The Ed25519 keys that sign access tokens, each with its id, and their rotation. */
export function createTokenKeys(deps: {
  place: KeyPlace;
  random: Random;
  /** Runs `work` while no other process that shares the place does so. */
  alone<T>(work: () => T): T;
  onUnkept(error: unknown): void;
}) {
  const { place, random } = deps;
  let kept: Kept | null = null;
  /** Parsed once. */
  const parsed = new Map<string, KeyObject>();

  function load(): Kept | null {
    const read = Kept.safeParse(parse(place.read()));
    return read.success ? read.data : kept;
  }

  function isFresh(keys: Kept | null, nowMs: number): keys is Kept {
    const newest = keys?.keys.at(-1);
    return newest !== undefined && nowMs - newest.createdAtMs < ROTATE_MS;
  }

  function current(nowMs: number): Kept {
    kept ??= load();
    if (isFresh(kept, nowMs)) return kept;
    return deps.alone(() => {
      // Another process on the folder may have been faster.
      kept = load();
      return isFresh(kept, nowMs) ? kept : made(nowMs);
    });
  }

  function made(nowMs: number): Kept {
    const { privateKey } = generateKeyPairSync('ed25519');
    const key = {
      kid: randomText(random, ALPHANUMERIC, 12),
      createdAtMs: nowMs,
      pem: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    };
    kept = {
      keys: [...(kept?.keys ?? []).slice(-1), key],
      secret: kept?.secret ?? Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url'),
    };
    try {
      place.write(JSON.stringify(kept));
    } catch (error) {
      // Good until this process ends; then everybody signs in again.
      deps.onUnkept(error);
    }
    return kept;
  }

  function privateKey({ kid, pem }: Kept['keys'][number]): KeyObject {
    const known = parsed.get(kid) ?? createPrivateKey(pem);
    parsed.set(kid, known);
    return known;
  }

  return {
    /** The key that signs now; makes one where there is none, or the last is old. */
    signing(nowMs: number): { kid: string; key: KeyObject } {
      const newest = current(nowMs).keys.at(-1);
      if (newest === undefined) throw new Error('There is no key.');
      return { kid: newest.kid, key: privateKey(newest) };
    },
    /** The public key of this id, while what it signed is believed; else null. */
    verifying(kid: string, nowMs: number): KeyObject | null {
      const find = (keys: Kept['keys']) => {
        const at = keys.findIndex((each) => each.kid === kid);
        const successor = keys[at + 1];
        return successor && nowMs - successor.createdAtMs > RETIRED_MS ? undefined : keys[at];
      };
      let found = find(current(nowMs).keys);
      if (!found) {
        // Another process on the folder may have made a new one.
        kept = load();
        found = find(kept?.keys ?? []);
      }
      return found ? createPublicKey(privateKey(found)) : null;
    },
    secret(nowMs: number): Buffer {
      return Buffer.from(current(nowMs).secret, 'base64url');
    },
  };
}

function parse(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
