/** What goes into dist/: the esbuild side of scripts/build.mjs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, sep } from 'node:path';
import { build, transform } from 'esbuild';
import { bakeCatalogue } from './bake-catalogue.mjs';
import { onlyUsedKysely } from './lean-kysely.mjs';
import { englishZodOnly, onlyUsedHono, silentTunnels, withoutValidators, withoutWebSockets } from './lean-packages.mjs';
import { takeStart } from './merge-chunks.mjs';
import { DOCS, packDocs } from './pack-docs.mjs';
import { packPackages, usePacked } from './packed-packages.mjs';
import { REQUIRE, slimChunks } from './slim-chunks.mjs';
import { writeStart } from './start-script.mjs';

/** What dist/ offers by name; those not written yet are left out. */
export const ENTRIES = {
  'sota-mcp': 'src/cli/sota-mcp.ts',
  'sota-runner': 'src/cli/sota-runner.ts',
  index: 'src/runner/sdk/library.ts',
  sdk: 'src/runner/sdk/sdk.ts',
  'handler-child': 'src/runner/handlers/handler-child.ts',
  'validate-worker': 'src/kit/json-schema/validate-worker.ts',
};
/** What the bin of the server runs, in whatever way it was started. */
const MAIN = 'src/cli/main.ts';
export const EXECUTABLES = ['sota-mcp.js', 'sota-runner.js'];
const SHEBANG = '#!/usr/bin/env node\n';

/**
 * Bundles all entries, in memory.
 * @param {string} root project folder
 * @param {string} dist where the files are going to be (source maps name their sources relative to it)
 * @returns {Promise<Map<string, Uint8Array>>} contents by path below dist/
 */
export async function bundle(root, dist) {
  const files = new Map();
  const entries = Object.entries(ENTRIES).filter(([, source]) => existsSync(join(root, source)));
  if (entries.length === 0) return files;

  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const common = {
    absWorkingDir: root,
    outdir: dist,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    minify: true,
    sourcemap: 'linked',
    legalComments: 'none', // LICENSES.txt has them in full
    metafile: true,
    logLevel: 'warning',
    logOverride: { 'import-is-undefined': 'error' },
    define: { __SOTA_VERSION__: JSON.stringify(version) },
  };
  // The small projects that the tests build have no server.
  const packed = existsSync(join(root, 'src/server')) ? await packPackages(root, common) : undefined;
  // The bin of the server is then a script, and dist/ has two kinds of files.
  if (packed) entries.push(['main', MAIN]);
  const docs = packDocs(root);
  const result = await build({
    ...common,
    entryPoints: entries
      .filter(([out]) => !packed || out !== 'sota-mcp')
      .map(([out, source]) => ({ out, in: join(root, source) })),
    ...(packed && { outExtension: { '.js': '.mjs' } }),
    splitting: true,
    chunkNames: '[name]-[hash]',
    format: 'esm',
    banner: { js: REQUIRE },
    plugins: [
      ...(packed ? [usePacked(packed)] : []),
      bakeCatalogue({ ...common, banner: { js: REQUIRE } }, docs),
      vendorSqlite(root, files),
      keepNodeSqliteDynamic(),
      englishZodOnly(),
      withoutValidators(),
      silentTunnels(),
      onlyUsedKysely(root),
      withoutWebSockets(),
      onlyUsedHono(root),
    ],
  });
  for (const file of result.outputFiles) files.set(relative(dist, file.path).split(sep).join('/'), file.contents);
  await slimChunks(files, result.metafile, Object.values(ENTRIES));
  if (packed) {
    const parts = [...(await takeStart(files, result.metafile)), { name: 'packages', ...packed }];
    const packages = packed.packages.flatMap(({ names }, at) => names.map((name) => `${name}_${at}`));
    await writeStart(files, parts, { root, common, main: 'base', packages });
  }
  if (docs) files.set(DOCS, docs);
  for (const name of EXECUTABLES) addShebang(files, name);
  const inputs = [packed, result].flatMap((part) => Object.keys(part?.metafile.inputs ?? {}));
  files.set('LICENSES.txt', Buffer.from(renderLicenses(root, inputs, files)));
  return files;
}

/**
 * node-sqlite3-wasm finds its .wasm file beside its own script, so the pair is copied unbundled; it says .cjs here
 * because dist/ belongs to an ES module package.
 */
function vendorSqlite(root, files) {
  return {
    name: 'vendor-node-sqlite3-wasm',
    setup(esbuild) {
      esbuild.onResolve({ filter: /^node-sqlite3-wasm$/ }, async () => {
        const script = createRequire(join(root, 'package.json')).resolve('node-sqlite3-wasm');
        const { code } = await transform(readFileSync(script, 'utf8'), { minify: true, target: 'node20' });
        files.set('vendor/node-sqlite3-wasm.cjs', Buffer.from(code));
        files.set('vendor/node-sqlite3-wasm.wasm', readFileSync(script.replace(/\.js$/, '.wasm')));
        return { path: './vendor/node-sqlite3-wasm.cjs', external: true };
      });
    },
  };
}

/** Node 20 has no node:sqlite: a static import of it would keep the whole program from starting there. */
function keepNodeSqliteDynamic() {
  return {
    name: 'node-sqlite-stays-dynamic',
    setup(esbuild) {
      esbuild.onResolve({ filter: /^node:sqlite$/ }, ({ kind }) =>
        kind === 'dynamic-import'
          ? { path: 'node:sqlite', external: true }
          : { errors: [{ text: "node:sqlite is absent on Node 20: load it with await import('node:sqlite')" }] },
      );
    },
  };
}

function addShebang(files, name) {
  const code = files.get(name);
  if (!code || Buffer.from(code).toString('utf8', 0, 2) === '#!') return;
  files.set(name, Buffer.concat([Buffer.from(SHEBANG), code]));
  const written = files.get(`${name}.map`);
  if (!written) return;
  const map = JSON.parse(Buffer.from(written).toString());
  map.mappings = `;${map.mappings}`; // one more line above everything
  files.set(`${name}.map`, Buffer.from(JSON.stringify(map)));
}

/** The licence texts of all packages whose code is inside the bundle, as those licences ask. */
function renderLicenses(root, inputs, files) {
  const packages = new Set(files.has('vendor/node-sqlite3-wasm.cjs') ? ['node-sqlite3-wasm'] : []);
  for (const input of inputs) {
    const [, name] = input.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)\//) ?? [];
    if (name) packages.add(name);
  }
  // Most packages share one text but for the lines of their copyright: it stands once, below the names and lines of all.
  const texts = new Map();
  for (const name of [...packages].sort()) {
    const folder = join(root, 'node_modules', name);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const { title, owners, text } = readLicense(file ? readFileSync(join(folder, file), 'utf8') : '');
    const wording = text.replace(/\s+/g, ' ');
    const known = texts.get(wording) ?? { title, text, names: [] };
    texts.set(wording, known);
    known.names.push([`${name} ${version} (${license})`, ...owners.map((owner) => `  ${owner}`)].join('\n'));
  }
  return [...texts.values()]
    .map(({ title, text, names }) => `${[names.join('\n'), title, text].filter(Boolean).join('\n\n')}\n`)
    .join(`\n${'-'.repeat(80)}\n\n`);
}

/** The title and the owners at the top of a licence, apart from its text. Those inside a text stay where they are. */
function readLicense(file) {
  const lines = file.trim().replaceAll('\r\n', '\n').split('\n');
  const isTop = (line) =>
    /^\s*$|^\W*(the )?(mit|isc) licen[cs]e\W*(\(mit\))?\W*$|^\s*(copyright\b|\(c\)|all rights reserved)/i.test(line);
  const end = lines.findIndex((line) => !isTop(line));
  const top = lines.slice(0, Math.max(end, 0)).map((line) => line.trim());
  const isOwner = (line) => /copyright|\(c\)|reserved/i.test(line);
  return {
    title: top.find((line) => line !== '' && !isOwner(line)),
    owners: top.filter(isOwner),
    text: lines.slice(Math.max(end, 0)).join('\n'),
  };
}
