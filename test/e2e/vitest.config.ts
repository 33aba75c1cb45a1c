import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** What needs the built app and a browser: the stand-in itself, the till end to end, the package. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/e2e/**/*.test.ts', 'test/electron-stand-in/**/*.test.ts', 'test/packaged/**/*.test.ts'],
    globalSetup: ['test/e2e/setup.ts'],
    pool: 'forks',
    // Each file runs a Chromium and three processes of ours.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
