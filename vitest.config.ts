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
    testTimeout: 20_000,
    hookTimeout: 30_000,
    restoreMocks: true,
    unstubEnvs: true,
  },
});
