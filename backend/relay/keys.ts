import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asStorageError } from '../store/database.ts';

/** Where the till's key for its relay is kept. */
export interface RelayKeys {
  /** The private key that belongs to this public one (Ed25519, base64url); null when it is not here. */
  read(publicKey: string): KeyObject | null;
  /**
   * Writes a new key beside the one in use, which only `keep` replaces: a relay that refuses it changes
   * nothing, and a disk that refuses it is found before the one-time code is spent. Throws `StorageError`.
   */
  prepare(privateKey: KeyObject): { keep(): void; discard(): void };
}

const FILE = 'relay.key';

/** The key in a file of the data folder that only this account can read. */
export function keyFile(dir: string): RelayKeys {
  const path = join(dir, FILE);
  const partial = `${path}.partial`;

  function guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw asStorageError(error, dir);
    }
  }

  return {
    read(publicKey) {
      try {
        const key = createPrivateKey(readFileSync(path, 'utf8'));
        return publicKeyOf(key) === publicKey ? key : null;
      } catch {
        // Absent, unreadable or no key: enrolling again mends all of them.
        return null;
      }
    },
    prepare(privateKey) {
      guarded(() => {
        rmSync(partial, { force: true });
        const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
        writeFileSync(partial, pem, { mode: 0o600, flush: true });
      });
      return {
        keep: () =>
          guarded(() => {
            renameSync(partial, path);
            flushFolder(dir);
          }),
        discard: () => rmSync(partial, { force: true }),
      };
    },
  };
}

/** The 32 bytes in base64url. */
export function publicKeyOf(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '';
}

/** A rename is on disk when its folder is; Windows does that by itself. */
function flushFolder(dir: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(dir, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
