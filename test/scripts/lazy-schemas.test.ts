import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const script = new URL('../../scripts/lazy-schemas.mjs', import.meta.url).href;
const { makeLazily } = (await import(script)) as { makeLazily(text: string): string };

const folder = dirname(fileURLToPath(import.meta.resolve('@modelcontextprotocol/server')));
const file = readdirSync(folder).find((name) => /^src-\w+\.mjs$/.test(name)) ?? '';
const text = readFileSync(join(folder, file), 'utf8');

type Schemas = Readonly<Record<string, z.ZodType>>;

/** The schemas of a text of the SDK, by name. */
async function schemasOf(sdk: string): Promise<Schemas> {
  const result = await build({
    stdin: { contents: `${sdk}\nexport const made = buildSchemas2025();`, resolveDir: folder },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    external: ['zod', 'zod/*'],
    logLevel: 'error',
  });
  const [output] = result.outputFiles;
  const code = (output?.text ?? '').replaceAll(/(["'])zod\/v4\1/g, JSON.stringify(import.meta.resolve('zod/v4')));
  const place = mkdtempSync(join(tmpdir(), 'sota-schemas-'));
  try {
    writeFileSync(join(place, 'sdk.mjs'), code);
    const module = (await import(pathToFileURL(join(place, 'sdk.mjs')).href)) as { made: Schemas };
    return module.made;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

const shapes = (schemas: Schemas) =>
  Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, z.toJSONSchema(schema, { unrepresentable: 'any' })]),
  );

describe('schemas of the SDK that are made one by one', () => {
  it('are those that the SDK makes at once', async () => {
    const [lazy, eager] = await Promise.all([schemasOf(makeLazily(text)), schemasOf(text)]);
    expect(Object.keys(lazy)).toEqual(Object.keys(eager));
    expect(shapes(lazy)).toEqual(shapes(eager));
    expect(lazy.InitializeRequestSchema).toBe(lazy.InitializeRequestSchema);
  });

  it('are not to be had from a text of another shape: the build says so', () => {
    expect(() => makeLazily(text.replaceAll('function build$1', 'function make$1'))).toThrow('makes the schemas');
    expect(() => makeLazily(text.replaceAll('\tconst ', '\tlet '))).toThrow('schemas');
  });
});
