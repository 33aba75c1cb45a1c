import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/** Where a thousand tills are spread over time, nothing else may keep the machine from serving them as they come. */
const ALONE = ['test/soak/reconnect.test.ts'];
const ELSEWHERE = ['dist/**', 'test/e2e/**', 'test/electron-stand-in/**', 'test/packaged/**'];

/** Unit and integration tests. What needs a browser or Electron is in test/e2e, with a configuration of its own. */
export default defineConfig({
  test: {
    pool: 'forks',
    // Guards against a hang; the longest tests take a third of it on a busy machine.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'side by side',
          include: ['**/*.test.{ts,tsx}'],
          exclude: [...configDefaults.exclude, ...ELSEWHERE, ...ALONE],
          // Half of the time is waiting, for processes and real clocks: two files at once even on two cores.
          maxWorkers: Math.max(2, availableParallelism() - 1),
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
