import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { table } from './report.ts';

/** What the cashier's screen may load, scripts and styles, gzip. */
const LIMIT_BYTES = 300_000;

interface Chunk {
  file: string;
  isEntry?: boolean;
  css?: string[];
  imports?: string[];
}

/** What the cashier's screen loads before the first key, beside its limit; lists are loaded when they are opened. */
export async function run(): Promise<void> {
  const outDir = mkdtempSync(join(tmpdir(), 'mianfu-size-'));
  try {
    const configFile = fileURLToPath(new URL('../renderer/vite.config.ts', import.meta.url));
    await build({ configFile, logLevel: 'warn', build: { outDir } });
    const manifest: Record<string, Chunk> = JSON.parse(
      readFileSync(join(outDir, '.vite/manifest.json'), 'utf8'),
    );
    const gzipped = (file: string) => gzipSync(readFileSync(join(outDir, file))).length;
    const sum = (files: Iterable<string>) => [...files].reduce((total, file) => total + gzipped(file), 0);
    const first = new Set(
      Object.entries(manifest).flatMap(([name, { isEntry }]) => (isEntry ? loadedBy(manifest, name) : [])),
    );
    const all = new Set(Object.keys(manifest).flatMap((name) => loadedBy(manifest, name)));
    const later = sum(all) - sum(first);
    table('What the cashier’s screen loads, gzip', [
      ['', 'kB', 'of the limit'],
      ['at once', kB(sum(first)), (sum(first) / LIMIT_BYTES).toFixed(2)],
      ['with the lists', kB(later), ''],
      ['limit', kB(LIMIT_BYTES), '1.00'],
    ]);
  } finally {
    rmSync(outDir, { recursive: true });
  }
}

/** The files of a chunk and of what it imports at once. */
function loadedBy(manifest: Record<string, Chunk>, name: string): string[] {
  const chunk = manifest[name];
  if (!chunk) return [];
  return [
    chunk.file,
    ...(chunk.css ?? []),
    ...(chunk.imports ?? []).flatMap((each) => loadedBy(manifest, each)),
  ];
}

function kB(bytes: number): string {
  return (bytes / 1_000).toFixed(1);
}
