import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { addScheme } from './addresses.ts';
import { report } from './report.ts';
import { protocolHandlers } from './session.ts';

/**
 * The part of Electron's main-process module that the till uses, over a headless Chromium. Anything else
 * is absent, so that a use of it fails loudly. What this proves and what not: ../e2e/README.md.
 */
export { app } from './app.ts';
export { BrowserWindow } from './browser-window.ts';
export { ipcMain } from './ipc-main.ts';
export { MessageChannelMain } from './message-port.ts';
export { session } from './session.ts';
export { utilityProcess } from './utility-process.ts';

export const protocol = {
  ...protocolHandlers,
  registerSchemesAsPrivileged(schemes: readonly { scheme: string }[]): void {
    for (const { scheme } of schemes) addScheme(scheme);
  },
};

export const shell = {
  async openExternal(url: string): Promise<void> {
    report({ type: 'external', url });
  },
};

export const dialog = {
  showErrorBox: (title: string, message: string) => report({ type: 'error-box', title, message }),
  showOpenDialog: async () => ({ canceled: true, filePaths: [] }),
};

export const Menu = {
  buildFromTemplate: (template: unknown) => template,
  setApplicationMenu(_menu: unknown): void {},
};

/** The key of a keyring that lives as long as the test machine's name: enough to see that nothing is in plain text. */
const key = createHash('sha256').update('stand-in keyring').digest();

export const safeStorage = {
  isEncryptionAvailable: () => true,
  getSelectedStorageBackend: () => process.env.STAND_IN_KEYRING ?? 'gnome_libsecret',
  encryptString(text: string): Buffer {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  },
  decryptString(bytes: Buffer): string {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
  },
};
