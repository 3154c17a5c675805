/**
 * The floors of the house, and the packages that live on one floor only: the single table from which
 * `scripts/biome.floors.jsonc` (extended by `biome.json`) is written.
 *
 * The rules are generated because Biome replaces, never merges, the options of one rule when two overrides match a
 * file: every place with its own permissions needs its whole list spelled out, which no one would keep right by hand.
 *
 *   tsx scripts/floors.ts            write the rules
 *   tsx scripts/floors.ts --check    exit 1 when the written rules are not what this table says
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Each floor and what it may import, lowest first. `client` and `market` meet only in `contract`. */
const FLOORS = {
  kit: [],
  contract: ['kit'],
  client: ['kit', 'contract'],
  market: ['kit', 'contract'],
  tools: ['kit', 'contract', 'client'],
  server: ['kit', 'contract', 'client', 'market', 'tools'],
  // `market` for the embedded marketplace of `dev` and of the test harness, as `server` has it for --local.
  runner: ['kit', 'contract', 'client', 'market', 'tools'],
  cli: ['kit', 'contract', 'client', 'market', 'tools', 'server', 'runner'],
} as const satisfies Record<string, readonly string[]>;

/** Packages with one home: nowhere else may know which library does this work. */
const HOMES: Record<string, readonly string[]> = {
  'src/kit/json-schema': ['ajv', 'ajv-formats'],
  'src/client': ['https-proxy-agent'],
  'src/market': ['hono', '@hono/node-server', 'kysely', 'node-sqlite3-wasm', 'node:sqlite'],
  'src/server': ['@modelcontextprotocol/server'],
  // Whatever stands only beside tests must not slip into the bundle.
  test: ['@modelcontextprotocol/client', '@modelcontextprotocol/sdk', '@noble/curves', 'undici'],
};

const RULES_FILE = fileURLToPath(new URL('./biome.floors.jsonc', import.meta.url));

/** The Biome configuration that enforces the tables above, as the text of a file. */
function renderRules(): string {
  const floors = Object.keys(FLOORS);
  const places = [
    ...floors.map((floor) => `src/${floor}`),
    // After the floors they are part of: for one file the last matching override wins.
    ...Object.keys(HOMES).filter((home) => home.split('/').length > 2),
  ];
  const overrides = places.map((place) => ({
    // A home may be a folder or, while it is small, a single file of that name.
    includes: [`${place}/**`, `${place}.ts`],
    linter: {
      rules: { style: { noRestrictedImports: { level: 'error', options: { patterns: patternsFor(place) } } } },
    },
  }));
  const note = 'Written by `tsx scripts/floors.ts` from the tables in that file. Do not edit.';
  return `// ${note}\n${JSON.stringify({ overrides }, null, 2)}\n`;
}

function patternsFor(place: string): { group: string[]; message: string }[] {
  const floor = place.split('/')[1] as keyof typeof FLOORS;
  const allowed: readonly string[] = FLOORS[floor];
  const others = Object.keys(FLOORS).filter((other) => other !== floor);
  const forbidden = others.filter((other) => !allowed.includes(other));
  const otherFolders = `{${others.join(',')}}`;
  const patterns = [
    {
      group: forbidden.map((other) => `#${other}/**`),
      message: `src/${floor} may import only ${allowed.join(', ') || 'nothing of ours'}: imports point down the floors`,
    },
    {
      // Any climb out of the floor, however deep the importing file stands, also by way of src/ itself.
      group: [`{..,../..,../../..,../../../..,../../../../..}/${otherFolders}/**`, `../**/src/${otherFolders}/**`],
      message: 'Cross a floor by its #name, never by a relative path, so the boundary check can see it',
    },
  ];
  for (const [home, packages] of Object.entries(HOMES)) {
    if (place === home || place.startsWith(`${home}/`)) continue;
    patterns.push({
      group: packages.flatMap((name) => [name, `${name}/**`]),
      message: `Only ${home} may import this package`,
    });
  }
  return patterns.filter(({ group }) => group.length > 0);
}

const rules = renderRules();
if (!process.argv.includes('--check')) {
  writeFileSync(RULES_FILE, rules);
} else if (readFileSync(RULES_FILE, 'utf8') !== rules) {
  console.error('scripts/biome.floors.jsonc is not what scripts/floors.ts says: run `npx tsx scripts/floors.ts`');
  process.exitCode = 1;
}
