import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Launcher } from 'chrome-launcher';

type Env = Readonly<Record<string, string | undefined>>;

/** True where a window can appear: there is a display, and nobody asked for quiet. */
export function hasDisplay(platform: string, env: Env): boolean {
  if (env.CI) return false;
  return platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/** An installed Chrome, Chromium or Edge; null when there is none. Never throws. */
export function findBrowser(platform: string, env: Env): string | null {
  try {
    const chrome = Launcher.getInstallations()[0];
    if (chrome) return chrome;
  } catch {
    // The search throws when it finds nothing.
  }
  return edgePaths(platform, env).find((path) => existsSync(path)) ?? null;
}

function edgePaths(platform: string, env: Env): string[] {
  if (platform === 'win32') {
    return [env['ProgramFiles(x86)'], env.ProgramFiles]
      .filter((folder) => folder !== undefined)
      .map((folder) => join(folder, 'Microsoft', 'Edge', 'Application', 'msedge.exe'));
  }
  if (platform === 'darwin') return ['/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge'];
  return ['/usr/bin/microsoft-edge-stable', '/usr/bin/microsoft-edge'];
}

/** Opens the till in a window of its own, with a browser profile of its own. The link stays printed if this fails. */
export function openAppWindow(browser: string, link: string, profile: string): ChildProcess {
  const child = spawn(
    browser,
    [`--app=${link}`, `--user-data-dir=${profile}`, '--no-first-run', '--no-default-browser-check'],
    { stdio: 'ignore' },
  );
  child.on('error', () => {});
  return child;
}
