import { readFileSync } from 'node:fs';
import type { ViteUserConfig } from 'vitest/config';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** Gives sources under vitest what the bundle gives them (scripts/bundle.mjs): the version. */
export const likeTheBundle = {
  define: { __SOTA_VERSION__: JSON.stringify(version) },
} satisfies ViteUserConfig;
