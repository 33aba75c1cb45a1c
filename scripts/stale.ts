import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** True when `built` is missing or older than anything below `sources` (files or folders; tests do not count). */
export function isStale(built: string, sources: readonly string[]): boolean {
  const builtAtMs = statSync(built, { throwIfNoEntry: false })?.mtimeMs;
  return builtAtMs === undefined || sources.some((source) => newestMs(source) > builtAtMs);
}

function newestMs(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return /\.test\.tsx?$/.test(path) ? 0 : stat.mtimeMs;
  // The folder's own time tells of files that went away.
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}
