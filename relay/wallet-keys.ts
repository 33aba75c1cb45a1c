import type { KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseCertificate } from '../wire/certificate.ts';
import { KeyError } from '../wire/key-error.ts';
import { parsePublicKey } from '../wire/keys.ts';
import { TillName } from '../wire/relay.ts';
import { normalSerial, WECHAT_PUBLIC_KEY_PREFIX } from '../wire/wechat-v3-signature.ts';

/** The channels whose notifications are signed with a key that anyone may have. */
const CHECKED = ['alipay', 'wechat'] as const;
type Checked = (typeof CHECKED)[number];

/** What one till's notifications may be signed with, as far as the operator has been told. */
export interface KeysOfTill {
  alipay: readonly KeyObject[];
  /** By serial or key id, in its normal form. */
  wechat: ReadonlyMap<string, KeyObject>;
}

/** One file of the operator's. `till` null: it is for every till that has none of its own in this channel. */
interface WalletKeyFile {
  file: string;
  till: string | null;
  channel: Checked;
  /** WeChat's serial or key id; null where keys have no name, or with `trouble`. */
  name: string | null;
  /** Why it is not used; null when it is. */
  trouble: string | null;
}

/** The wallets' public keys, as the operator has laid them in a folder. */
export interface WalletKeys {
  of(till: string): KeysOfTill;
  files(): WalletKeyFile[];
  /** Reads the folder again. */
  reload(): void;
}

interface Read extends WalletKeyFile {
  key: KeyObject | null;
}

/**
 * Reads `folder/alipay`, `folder/wechat` and `folder/tills/{till}/…`: certificates, or public keys (WeChat's in a
 * file that has its id as its name). A file that is none is reported, and nothing is judged by it. Never throws.
 */
export function createWalletKeys(folder: string): WalletKeys {
  let read: Read[] = [];
  let tills = new Map<string | null, KeysOfTill>();

  function reload(): void {
    const own = namesIn(join(folder, 'tills')).filter((name) => TillName.safeParse(name).success);
    read = [
      ...readFolder(folder, null),
      ...own.flatMap((till) => readFolder(join(folder, 'tills', till), till)),
    ];
    tills = new Map([null, ...own].map((till) => [till, keysOf(read.filter((each) => each.till === till))]));
  }
  reload();

  return {
    of(till) {
      const general = tills.get(null) ?? NO_KEYS;
      const own = tills.get(till) ?? NO_KEYS;
      return {
        alipay: own.alipay.length > 0 ? own.alipay : general.alipay,
        wechat: own.wechat.size > 0 ? own.wechat : general.wechat,
      };
    },
    files: () => read.map(({ key: _, ...file }) => file),
    reload,
  };
}

const NO_KEYS: KeysOfTill = { alipay: [], wechat: new Map() };

function keysOf(files: readonly Read[]): KeysOfTill {
  const wechat = new Map<string, KeyObject>();
  const alipay: KeyObject[] = [];
  for (const { channel, name, key } of files) {
    if (!key) continue;
    if (channel === 'alipay') alipay.push(key);
    else wechat.set(name ?? '', key);
  }
  return { alipay, wechat };
}

function readFolder(folder: string, till: string | null): Read[] {
  return CHECKED.flatMap((channel) =>
    namesIn(join(folder, channel)).map((name) => {
      const file = join(folder, channel, name);
      const about = { file, till, channel };
      try {
        return { ...about, ...readKey(channel, file), trouble: null };
      } catch (error) {
        const trouble = error instanceof KeyError ? error.message : 'It cannot be read.';
        return { ...about, name: null, key: null, trouble };
      }
    }),
  );
}

/** Throws {@link KeyError}, or what the disk says. */
function readKey(channel: Checked, file: string): { name: string | null; key: KeyObject } {
  const text = readFileSync(file, 'utf8');
  // A file with both halves would be a secret where none may be.
  if (text.includes('PRIVATE KEY')) {
    throw new KeyError('wrong_half', 'This is a private key: it has no place on a relay. Take it away.');
  }
  if (text.includes('BEGIN CERTIFICATE')) {
    const { serialHex, publicKey } = parseCertificate(text);
    return { name: channel === 'wechat' ? normalSerial(serialHex) : null, key: publicKey };
  }
  const key = parsePublicKey(text);
  if (channel === 'alipay') return { name: null, key };
  const id = basename(file).replace(/\.[a-z]+$/, '');
  if (!id.startsWith(WECHAT_PUBLIC_KEY_PREFIX)) {
    throw new KeyError('not_a_key', `Name the file by the key’s id: ${WECHAT_PUBLIC_KEY_PREFIX}….pem.`);
  }
  return { name: id, key };
}

/** In their order; none where there is no such folder. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .sort();
  } catch {
    // Nothing there: nothing is judged.
    return [];
  }
}
