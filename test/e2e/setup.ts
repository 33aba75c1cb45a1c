import { join } from 'node:path';
import { build } from 'vite';
import { buildMain } from '../../scripts/build-main.ts';
import { isStale } from '../../scripts/stale.ts';
import { chosenDriver } from './driver.ts';

/** Builds what is older than its sources, and says which driver runs. */
export default async function setup(): Promise<void> {
  const root = process.cwd();
  const below = (...names: string[]) => names.map((name) => join(root, name));
  const libraries = 'package-lock.json';
  if (isStale(join(root, 'dist/renderer/index.html'), below('renderer', 'contract', libraries)))
    await build({ configFile: join(root, 'renderer/vite.config.ts'), logLevel: 'warn' });
  const sources = below('main', 'backend', 'sandbox', 'wire', 'ports', 'contract', 'scripts', libraries);
  if (isStale(join(root, 'dist/main/main.js'), sources)) await buildMain();
  const { name, why } = chosenDriver();
  process.stdout.write(`end-to-end driver: ${name} (${why})\n`);
}
