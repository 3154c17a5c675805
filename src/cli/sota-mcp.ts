import { main } from './main.ts';

/** The bin, from source. That of the package is made by the build, around the same `main` (scripts/start-script.mjs). */
await main();
