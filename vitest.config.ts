import { defineConfig } from 'vitest/config';
import { likeTheBundle } from './scripts/like-the-bundle.ts';

/** Tests of the marketplace that reach no database, or are about its sockets, pages and generated requests. */
const WITHOUT_DATABASE = [
  'sandbox-content/**',
  'taxonomy/**',
  'fees.test.ts',
  'selection.test.ts',
  'docs-http.test.ts',
  'contract-http.test.ts',
  'faults/**',
  'fuzz/**',
  'world/parse-scenario.test.ts',
  'world/postings.test.ts',
];

export default defineConfig({
  ...likeTheBundle,
  test: {
    // Tests spawn real servers; more workers than cores would only make them wait for each other.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['test/**/*.test.ts'],
          globalSetup: ['test/support/build-once.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        // The rules once more, on the other database. `--project all` or `--project postgres` runs one half.
        extends: true,
        test: {
          name: 'postgres',
          include: ['test/market/**/*.test.ts'],
          exclude: WITHOUT_DATABASE.map((path) => `test/market/${path}`),
          env: { SOTA_TEST_ENGINE: 'postgres' },
          globalSetup: ['test/support/postgres-server.ts'],
          setupFiles: ['test/support/postgres-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
