import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { lintProbes, run } from './lint-probes.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The house as the design draws it, written down a second time so the linter's own table cannot mark its own work. */
const MAY_IMPORT: Record<string, string[]> = {
  kit: [],
  contract: ['kit'],
  client: ['kit', 'contract'],
  market: ['kit', 'contract'],
  tools: ['kit', 'contract', 'client'],
  server: ['kit', 'contract', 'client', 'market', 'tools'],
  cli: ['kit', 'contract', 'client', 'market', 'tools', 'server'],
};
const FLOORS = Object.keys(MAY_IMPORT);

const PACKAGE_HOMES: [specifier: string, home: string][] = [
  ['hono', 'src/market'],
  ['hono/cors', 'src/market'],
  ['@hono/node-server', 'src/market'],
  ['kysely', 'src/market'],
  ['node-sqlite3-wasm', 'src/market'],
  ['node:sqlite', 'src/market'],
  ['https-proxy-agent', 'src/client'],
  ['@modelcontextprotocol/server', 'src/server'],
  ['@modelcontextprotocol/server/stdio', 'src/server'],
  ['@modelcontextprotocol/client', 'test'],
  ['@modelcontextprotocol/client/stdio', 'test'],
  ['@noble/curves/ed25519.js', 'test'],
  ['ajv', 'src/kit/json-schema'],
  ['ajv/dist/2020.js', 'src/kit/json-schema'],
  ['ajv-formats', 'src/kit/json-schema'],
];
const PLACES = [...FLOORS.map((floor) => `src/${floor}`), 'src/kit/json-schema'];

interface Probe {
  place: string;
  statement: string;
  allowed: boolean;
}

const probes: Probe[] = [];

for (const place of PLACES) {
  const floor = place.split('/')[1]!;
  const up = '../'.repeat(place.split('/').length - 1);
  for (const other of FLOORS) {
    if (other === floor) continue;
    probes.push({ place, statement: `import '#${other}/x.ts';`, allowed: MAY_IMPORT[floor]!.includes(other) });
    // A relative climb is refused even where the floor itself may be imported.
    probes.push({ place, statement: `import '${up}${other}/x.ts';`, allowed: false });
  }
  for (const [specifier, home] of PACKAGE_HOMES) {
    const allowed = place === home || place.startsWith(`${home}/`);
    probes.push({ place, statement: `import '${specifier}';`, allowed });
  }
}

// Every way to write an import, and every way to name the same forbidden file.
for (const statement of [
  "import { x } from '#market/x.ts';",
  "import type { X } from '#market/x.ts';",
  "export { x } from '#market/x.ts';",
  "await import('#market/x.ts');",
  "import '#market/deep/down/x.ts';",
  "import '../../src/market/x.ts';",
  "import '../../../src/market/x.ts';",
  "await import('node:sqlite');",
]) {
  probes.push({ place: 'src/client', statement, allowed: false });
}
for (const statement of [
  "import './market/x.ts';",
  "import '../cache/x.ts';",
  "import 'zod';",
  "import 'node:fs';",
  "import '#kit/money.ts';",
]) {
  probes.push({ place: 'src/client', statement, allowed: true });
}

describe('import boundaries', () => {
  const pathOf = (probe: Probe, index: number) => `${probe.place}/probe-${index}.ts`;
  let refused: Set<string>;

  beforeAll(async () => {
    const files = probes.map((probe, index) => [pathOf(probe, index), `${probe.statement}\n`] as const);
    refused = await lintProbes('style/noRestrictedImports', new Map(files));
  });

  for (const [index, probe] of probes.entries()) {
    it(`${probe.allowed ? 'allows ' : 'refuses'} in ${probe.place}: ${probe.statement}`, () => {
      expect(refused.has(pathOf(probe, index))).toBe(!probe.allowed);
    });
  }

  it('are what the table in scripts/floors.ts says', async () => {
    const { code, output } = await run(join(root, 'node_modules/.bin/tsx'), ['scripts/floors.ts', '--check'], root);
    expect(output).toBe('');
    expect(code).toBe(0);
  });
});
