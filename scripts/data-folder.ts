import { join, resolve } from 'node:path';

/** Where the till's data belongs on this system, unless `given` says otherwise. */
export function dataFolder(
  given: string | undefined,
  system: { platform: string; home: string; env: Readonly<Record<string, string | undefined>> },
): string {
  if (given) return resolve(given);
  const { platform, home, env } = system;
  if (platform === 'win32') return join(env.APPDATA || join(home, 'AppData', 'Roaming'), 'mianfu');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'mianfu');
  return join(env.XDG_DATA_HOME || join(home, '.local', 'share'), 'mianfu');
}
