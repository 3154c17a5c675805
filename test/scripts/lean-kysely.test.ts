import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const script = new URL('../../scripts/lean-kysely.mjs', import.meta.url).href;
const { onlyUsedKysely } = (await import(script)) as { onlyUsedKysely(root: string): Plugin };
const kysely = realpathSync(join(root, 'node_modules/kysely'));
const run = promisify(execFile);

let project: string;
beforeEach(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'sota-lean-')));
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

function put(path: string, content: string): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), content);
}

function linkKysely(): void {
  mkdirSync(join(project, 'node_modules'));
  symlinkSync(kysely, join(project, 'node_modules/kysely'));
}

/** A program over a database that answers nothing, bundled as the build does it. */
async function bundled(code: string): Promise<string> {
  put(
    'program.ts',
    `import { Kysely, SqliteDialect, sql } from 'kysely';
    const database = { prepare: () => ({ reader: false, run: () => ({}) }), close() {} };
    const db = new Kysely<any>({ dialect: new SqliteDialect({ database: database as never }) });
    const compiled = (query: { compile(): { sql: string } }) => console.log(query.compile().sql);
    try { ${code} } catch (error) { console.log((error as Error).message); }`,
  );
  const outfile = join(project, 'program.mjs');
  await build({
    entryPoints: [join(project, 'program.ts')],
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
    plugins: [onlyUsedKysely(project)],
  });
  return outfile;
}

const said = async (code: string) => (await run(process.execPath, [await bundled(code)])).stdout.trim();

describe('the query builder of the bundle', () => {
  beforeEach(linkKysely);

  it('makes the statements that are asked of it', async () => {
    expect(
      await said(`compiled(db.selectFrom('a').innerJoin('b', 'b.id', 'a.b').select(['a.x']).where('a.y', '=', 1));
        compiled(db.updateTable('a').set({ x: sql\`x + 1\` }).where('y', 'in', [1, 2]));`),
    ).toBe(
      'select "a"."x" from "a" inner join "b" on "b"."id" = "a"."b" where "a"."y" = ?\n' +
        'update "a" set "x" = x + 1 where "y" in (?, ?)',
    );
  });

  it.each([
    ['db.selectFrom("a").leftJoin("b", "b.id", "a.b")', 'leftJoin'],
    ['db.withSchema("other").selectFrom("a")', 'withSchema'],
    ['db.mergeInto("a")', 'mergeInto'],
    ['db.dynamic.ref("a")', 'dynamic'],
    ['db.schema.createTable("a")', 'schema'],
    ['db.introspection.getTables()', 'introspection'],
  ])('says of what it is without that it is without it: %s', async (code, what) => {
    expect(await said(code)).toBe(`${what} of kysely is left out of this package (scripts/lean-kysely.mjs)`);
  });

  it('is not built where the marketplace uses what it would be without', async () => {
    put('src/market/rules/jobs.ts', 'export const jobs = (db) => db\n  .selectFrom("a")\n  .leftJoin<"b">("b");');
    await expect(bundled('')).rejects.toThrow(
      /src\/market\/rules\/jobs\.ts uses '\.leftJoin', which scripts\/lean-kysely/,
    );
  });
});

it('a query builder that looks otherwise is not built', async () => {
  const file = 'dist/esm/query-creator.js';
  const change = (text: string) => text.replace('    mergeInto(', '    joinInto(');
  put('node_modules/kysely/package.json', `{"type":"module","exports":"./${file}"}`);
  put(`node_modules/kysely/${file}`, change(readFileSync(join(kysely, file), 'utf8')));
  await expect(bundled('')).rejects.toThrow('has no mergeInto');
});
