import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** Puts the catalogue of tools in place of the module that makes it, which takes all tools and the client below them. */
export function bakeCatalogue(common) {
  return {
    name: 'bake-catalogue',
    setup(esbuild) {
      esbuild.onLoad({ filter: /[\\/]src[\\/]server[\\/]built-catalogue\.ts$/ }, async ({ path }) => {
        const made = await build({
          ...common,
          entryPoints: [path],
          format: 'esm',
          loader: { '.md': 'text' },
          minify: false,
          sourcemap: false,
        });
        const folder = mkdtempSync(join(tmpdir(), 'sota-catalogue-'));
        try {
          const file = join(folder, 'catalogue.mjs');
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
