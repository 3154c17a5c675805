import { beforeEach, inject } from 'vitest';

/** Without a server the tests of this engine are skipped, each with the reason, and not silently run on the other one. */
const { missing } = inject('postgres');
if (missing !== undefined) beforeEach((context) => context.skip(missing));
