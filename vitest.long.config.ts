import { defineConfig } from 'vitest/config';
import { likeTheBundle } from './scripts/like-the-bundle.ts';

/** Suites that take minutes: whole careers, soak runs, fault storms. Run one with `npm run test:long -- NAME`. */
export default defineConfig({
  ...likeTheBundle,
  test: {
    include: ['test/long/**/*.long.ts'],
    globalSetup: ['test/support/build-once.ts'],
    testTimeout: 30 * 60_000,
    hookTimeout: 5 * 60_000,
    teardownTimeout: 60_000,
    // One at a time: they measure and load the machine themselves.
    maxWorkers: 1,
  },
});
