import { cpSync, readdirSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/**
 * Bundles what Electron runs into dist/main: main and the two services as modules, the preload as one
 * CommonJS file, which is all that a sandboxed preload may be. Files that the code reads beside itself are
 * copied beside the bundles.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'dist', 'main');
/** Compiled code cannot be bundled; Electron brings its own module. */
const EXTERNAL = ['electron', 'better-sqlite3', ...builtinModules, /^node:/];

/** Bundles one start file (`main/main`) into `outDir`, under its own name. */
export async function bundle(path: string, format: 'es' | 'cjs', outDir = out): Promise<void> {
  const name = `[name].${format === 'es' ? 'js' : 'cjs'}`;
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    ssr: { noExternal: true, external: ['electron', 'better-sqlite3'] },
    build: {
      ssr: true,
      outDir,
      emptyOutDir: false,
      target: 'node24',
      minify: false,
      rolldownOptions: {
        input: join(root, `${path}.ts`),
        external: EXTERNAL,
        output: { format, entryFileNames: name, codeSplitting: false },
      },
    },
  });
}

export async function buildMain(): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  for (const entry of [
    'main/main',
    'main/backend-process',
    'main/sandbox-process',
    'backend/store/keeper-worker',
  ])
    await bundle(entry, 'es');
  await bundle('main/preload', 'cjs');
  copyMigrations(out);
  copyPhone();
}

/** The backend reads them beside itself. */
export function copyMigrations(outDir: string): void {
  cpSync(join(root, 'backend', 'store', 'migrations'), join(outDir, 'migrations'), { recursive: true });
}

function copyPhone(): void {
  const phone = join(root, 'sandbox', 'phone');
  for (const file of readdirSync(phone)) {
    if (!file.endsWith('.ts')) cpSync(join(phone, file), join(out, file), { recursive: true });
  }
}

if (import.meta.main) await buildMain();
