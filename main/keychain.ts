import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Why the merchant's secrets cannot be kept or read. The message says what to do. */
export class KeychainError extends Error {
  override readonly name = 'KeychainError';
  readonly code: 'encryption_unavailable' | 'merchant_unreadable' | 'keychain_unreadable';
  constructor(code: KeychainError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The part of Electron's `safeStorage` that is used here. */
export interface Encryption {
  isEncryptionAvailable(): boolean;
  encryptString(text: string): Buffer;
  decryptString(bytes: Buffer): string;
  /** Linux only. */
  getSelectedStorageBackend?(): string;
}

/** What a merchant file holds; the backend checks every field when it starts. */
export type MerchantFile = Record<string, unknown>;

/**
 * The merchant's keys, encrypted at rest by the operating system's key store. On Linux without a keyring
 * Electron would encrypt with a password that is in its source; that is refused.
 */
export class Keychain {
  readonly #encryption: Encryption;
  readonly #path: string;
  readonly #platform: string;

  constructor(encryption: Encryption, path: string, platform: string) {
    this.#encryption = encryption;
    this.#path = path;
    this.#platform = platform;
  }

  /** Null when none was imported. Throws {@link KeychainError} when there is one that cannot be read. */
  read(): MerchantFile | null {
    if (!existsSync(this.#path)) return null;
    this.#requireEncryption();
    try {
      return parseMerchant(this.#encryption.decryptString(readFileSync(this.#path)));
    } catch (error) {
      throw new KeychainError(
        'keychain_unreadable',
        'The stored merchant keys cannot be decrypted on this account. Import the merchant file again with --merchant FILE.\n本账户无法解密已保存的商户密钥，请用 --merchant 重新导入商户文件。',
        { cause: error },
      );
    }
  }

  /** Imports a merchant file, replacing what was there. Throws {@link KeychainError} and then keeps what was there. */
  import(file: string): MerchantFile {
    this.#requireEncryption();
    let merchant: MerchantFile;
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
      merchant = parseMerchant(text);
    } catch (error) {
      throw new KeychainError(
        'merchant_unreadable',
        `The merchant file ${file} cannot be read, or is not a JSON object with at least one of: ${SECTIONS.join(', ')}.\n商户文件无法读取，或其中没有任何钱包的配置。`,
        { cause: error },
      );
    }
    const partial = `${this.#path}.partial`;
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    try {
      writeFileSync(partial, this.#encryption.encryptString(text), { mode: 0o600, flush: true });
      renameSync(partial, this.#path);
    } finally {
      rmSync(partial, { force: true });
    }
    return merchant;
  }

  #requireEncryption(): void {
    const plain =
      this.#platform === 'linux' && this.#encryption.getSelectedStorageBackend?.() === 'basic_text';
    if (this.#encryption.isEncryptionAvailable() && !plain) return;
    throw new KeychainError(
      'encryption_unavailable',
      plain
        ? 'No keyring is running, so the merchant keys could not be encrypted. Install and unlock gnome-keyring or KWallet, or run the backend alone with --merchant FILE.\n系统没有可用的密钥环，无法加密商户密钥。请安装并解锁 gnome-keyring 或 KWallet。'
        : 'The system offers no encryption for the merchant keys. Unlock the key store and start again.\n系统无法加密商户密钥，请先解锁系统钥匙串，再重新启动。',
    );
  }
}

const SECTIONS = ['alipay', 'wechat'];

function parseMerchant(text: string): MerchantFile {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('no object');
  if (!SECTIONS.some((section) => section in value)) throw new TypeError('no channel');
  return value as MerchantFile;
}
