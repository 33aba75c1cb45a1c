import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Unit and integration tests. What needs a browser or Electron is in test/e2e, with a configuration of its own. */
export default defineConfig({
  test: {
    include: ['**/*.test.{ts,tsx}'],
    exclude: [
      '**/node_modules/**',
      'dist/**',
      'test/e2e/**',
      'test/electron-stand-in/**',
      'test/packaged/**',
    ],
    pool: 'forks',
    // Half of the time is waiting, for processes and real clocks: two files at once even on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Guards against a hang; the longest tests take a third of it on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    unstubEnvs: true,
  },
});
