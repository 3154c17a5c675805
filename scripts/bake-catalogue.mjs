import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { DOCS } from './pack-docs.mjs';

/**
 * Puts the catalogue of tools in place of the module that makes it, which takes all tools, the client below them and the
 * pages.
 * @param {object} common options of every bundling
 * @param {Uint8Array} docs the packed pages (pack-docs.mjs)
 */
export function bakeCatalogue(common, docs) {
  return {
    name: 'bake-catalogue',
    setup(esbuild) {
      esbuild.onLoad({ filter: /[\\/]src[\\/]server[\\/]built-catalogue\.ts$/ }, async ({ path }) => {
        const made = await build({
          ...common,
          entryPoints: [path],
          format: 'esm',
          minify: false,
          sourcemap: false,
        });
        const folder = mkdtempSync(join(tmpdir(), 'sota-catalogue-'));
        try {
          const file = join(folder, 'catalogue.mjs');
          writeFileSync(join(folder, DOCS), docs);
          writeFileSync(file, made.outputFiles[0].contents);
          const { catalogue } = await import(pathToFileURL(file).href);
          return { contents: `export const catalogue = JSON.parse(${JSON.stringify(JSON.stringify(catalogue))});` };
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      });
    },
  };
}
