/** What scripts/bundle.mjs and vitest.config.ts put in when they compile, and no module declares. */

/** The version in package.json. Not there when sources run as they are (tsx): guard with `typeof`. */
declare const __SOTA_VERSION__: string;
