import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALPHANUMERIC, type Random, randomText } from '../ports/random.ts';
import { type Settings, SettingsError } from '../ports/settings.ts';

type Given = Pick<Settings, 'relayAdminToken' | 'data'>;

const FILE = 'admin-token';
const CHARACTERS = 43;

/**
 * The operator's token: from the settings, else from the relay's data folder; null when there is none yet.
 * Throws {@link SettingsError} when there is nowhere to look, or the file cannot be read.
 */
export function readAdminToken(settings: Given): string | null {
  if (settings.relayAdminToken !== undefined) return settings.relayAdminToken;
  const path = join(folderOf(settings), FILE);
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new SettingsError('--data', `The operator’s token cannot be read from ${path}.`, { cause: error });
  }
}

/** Leaves a fresh token in the data folder, for its own user only. */
export function makeAdminToken(settings: Given, random: Random): string {
  const folder = folderOf(settings);
  const token = randomText(random, ALPHANUMERIC, CHARACTERS);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, FILE), `${token}\n`, { mode: 0o600, flag: 'wx' });
  return token;
}

function folderOf(settings: Given): string {
  if (settings.data !== undefined) return settings.data;
  throw new SettingsError(
    '--relay-admin-token',
    'Give the operator’s token as MIANFU_RELAY_ADMIN_TOKEN, or the relay’s data folder with --data.',
  );
}
