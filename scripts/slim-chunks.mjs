/** Takes out of the chunks what the bundler writes into each of them for the sake of a few. */
import { basename } from 'node:path';
import { transform } from 'esbuild';

/** Bundled CommonJS packages ask for Node's own modules by require(), which an ES module does not have. */
export const REQUIRE = `import{createRequire as __sotaCreateRequire}from"node:module";const require=__sotaCreateRequire(import.meta.url);`;
/** An import that brings no name. */
const BARE_IMPORT = /(?<=[;\n])import"\.\/[\w-]+\.mjs";/g;

/**
 * Goes where nothing asks for it: `require`, and from what is loaded on demand the imports that bring no name. With those
 * the bundler keeps the order in which modules act when they are loaded, and of ours none acts.
 * @param {Map<string, Uint8Array>} files all of dist/ by name; changed in place
 * @param {import('esbuild').Metafile} metafile of the build that made them
 * @param {readonly string[]} entries sources that are run for what they do
 */
export async function slimChunks(files, metafile, entries) {
  for (const [path, { entryPoint }] of Object.entries(metafile.outputs)) {
    const name = basename(path);
    const map = files.get(`${name}.map`);
    if (!map) continue;
    const before = Buffer.from(files.get(name)).toString();
    let after = before;
    if (!/\brequire\b/.test(after.replace(REQUIRE, ''))) after = after.replace(REQUIRE, blank);
    if (entryPoint && !entries.includes(entryPoint)) after = after.replace(BARE_IMPORT, blank);
    if (after !== before) await writeChunk(files, name, after, map);
  }
}

/** What is blank is still where it was, so the map holds until the blanks are taken out of both. */
const blank = (text) => ' '.repeat(text.length);

async function writeChunk(files, name, text, map) {
  const inline = `//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}`;
  const { code, map: slimMap } = await transform(text.replace(/^\/\/# sourceMappingURL=.*$/m, inline), {
    minify: true,
    target: 'node20',
    sourcemap: 'external',
    sourcefile: name,
  });
  files.set(name, Buffer.from(`${code}//# sourceMappingURL=${name}.map\n`));
  files.set(`${name}.map`, Buffer.from(slimMap));
}
