import { defineConfig } from 'vitest/config';
import { likeTheBundle } from './scripts/like-the-bundle.ts';

export default defineConfig({
  ...likeTheBundle,
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build-once.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Tests spawn real servers; more workers than cores would only make them wait for each other.
    maxWorkers: 2,
  },
});
