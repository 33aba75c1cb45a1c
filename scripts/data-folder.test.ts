import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dataFolder } from './data-folder.ts';

const home = join('/', 'home', 'li');

test('data lies where the system keeps an app’s data', () => {
  const linux = { platform: 'linux', home, env: {} };
  expect(dataFolder(undefined, linux)).toBe(join(home, '.local', 'share', 'mianfu'));
  expect(dataFolder(undefined, { ...linux, env: { XDG_DATA_HOME: '/data' } })).toBe(join('/data', 'mianfu'));
  const mac = { platform: 'darwin', home, env: {} };
  expect(dataFolder(undefined, mac)).toBe(join(home, 'Library', 'Application Support', 'mianfu'));
  const windows = { platform: 'win32', home, env: { APPDATA: '/roaming' } };
  expect(dataFolder(undefined, windows)).toBe(join('/roaming', 'mianfu'));
});

test('a given folder wins, and an empty one counts as none', () => {
  expect(dataFolder('/x/y', { platform: 'linux', home, env: { XDG_DATA_HOME: '/data' } })).toBe('/x/y');
  expect(dataFolder('', { platform: 'linux', home, env: {} })).toContain('mianfu');
});
