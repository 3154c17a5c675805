/**
 * Fewer files for the start of the server. The bundler makes a chunk of whatever two entries share, some twenty of which
 * the server needs before its first answer, and each costs a search, a read and a link of its own. Here those become one
 * file; what stays of each chunk is a line that passes its names on, for everything that is loaded later.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { build } from 'esbuild';

/**
 * Merges a chunk with all it imports statically, as far as `kept` does not name it.
 * @param {Map<string, Uint8Array>} files all of dist/ by name; changed in place
 * @param {import('esbuild').Metafile} metafile of the build that made them
 * @param {{name: string, roots: string[], keepNames?: boolean, kept: Set<string>}} group `roots`: names of the chunks to
 *   begin with; `keepNames`: what they export keeps its name; `kept`: chunks that were merged elsewhere
 * @returns {Promise<{file: string, merged: Set<string>}>} the new file, and the names of what is in it
 */
async function mergeChunks(files, metafile, { name, roots, keepNames = false, kept }) {
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]));
  const merged = new Set();
  const waiting = [...roots];
  for (let chunk = waiting.pop(); chunk !== undefined; chunk = waiting.pop()) {
    if (merged.has(chunk) || kept.has(chunk)) continue;
    merged.add(chunk);
    for (const { path, kind, external } of outputs.get(chunk).imports) {
      if (kind === 'import-statement' && !external) waiting.push(basename(path));
    }
  }
  // Names as the bundler gave them collide.
  const chunks = [...merged].map((chunk, at) => ({
    chunk,
    names: outputs.get(chunk).exports.map((exported) => ({
      exported,
      merged: keepNames && roots.includes(chunk) ? exported : `c${at}_${exported}`,
    })),
  }));
  const entry = chunks.map(({ chunk, names }) => {
    const list = names.map((each) => `${each.exported} as ${each.merged}`).join(', ');
    return list ? `export { ${list} } from './${chunk}';` : `import './${chunk}';`;
  });
  const contents = entry.join('\n');
  const { code, map } = await join(files, { contents, name: `${name}.js`, inside: new Set([...merged, ...kept]) });
  const hash = createHash('sha256').update(code).digest('hex').slice(0, 8).toUpperCase();
  const file = `${name}-${hash}.js`;
  files.set(file, Buffer.concat([code, Buffer.from(`//# sourceMappingURL=${file}.map\n`)]));
  files.set(`${file}.map`, map);
  for (const { chunk, names } of chunks) {
    const list = names.map((each) => `${each.merged} as ${each.exported}`).join(',');
    files.set(chunk, Buffer.from(list ? `export{${list}}from"./${file}";\n` : `import"./${file}";\n`));
    files.delete(`${chunk}.map`);
  }
  return { file, merged };
}

/**
 * Lets a file take its names from where they are now, without the lines that pass them on.
 * @param {Set<string>} merged the chunks that became such lines
 */
async function skipMerged(files, name, merged) {
  const { code, map } = await join(files, { contents: readChunk(files, name), name, inside: merged });
  files.set(name, Buffer.concat([code, Buffer.from(`//# sourceMappingURL=${name}.map\n`)]));
  files.set(`${name}.map`, map);
}

/** Makes one file of the given code and the chunks inside; all other files it imports stay where they are. */
async function join(files, { contents, name, inside }) {
  const result = await build({
    stdin: { contents, sourcefile: name, resolveDir: '/' },
    outfile: `/${name}`,
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'external',
    logLevel: 'warning',
    plugins: [fromMemory(files, inside)],
  });
  const [map, code] = ['.map', '.js'].map((end) => result.outputFiles.find(({ path }) => path.endsWith(end)).contents);
  return { code, map };
}

function fromMemory(files, inside) {
  return {
    name: 'from-memory',
    setup(esbuild) {
      esbuild.onResolve({ filter: /^\.\// }, ({ path }) => {
        const chunk = path.slice(2);
        return inside.has(chunk) ? { path: chunk, namespace: 'chunk' } : { path, external: true };
      });
      esbuild.onLoad({ filter: /.*/, namespace: 'chunk' }, ({ path }) => ({
        contents: readChunk(files, path),
        resolveDir: '/',
      }));
    },
  };
}

/** With its source map inside, which is how the next bundling finds it. */
function readChunk(files, name) {
  const code = Buffer.from(files.get(name))
    .toString()
    .replace(/^\/\/# sourceMappingURL=.*$/m, '');
  const map = files.get(`${name}.map`);
  if (!map) return code;
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}`;
}

/** The line that gives every chunk a require() stays only where it is used. An empty line keeps the source map right. */
function _withoutIdleRequire(code) {
  const end = code.indexOf('\n');
  const first = code.slice(0, end);
  return first.startsWith('import{createRequire as') && !/\brequire\b/.test(code.slice(end)) ? code.slice(end) : code;
}

/** What the bin of the server loads before its first answer. */
const START = ['src/cli/serve-command.ts', 'src/cli/settings.ts'];

/** Two files for the start: what every command line loads, and what serving takes on top. */
export async function mergeStart(files, metafile) {
  const outputs = Object.entries(metafile.outputs);
  const [, bin] = outputs.find(([path]) => basename(path) === 'sota-mcp.js');
  const bases = bin.imports.filter(({ kind, external }) => kind === 'import-statement' && !external);
  const base = await mergeChunks(files, metafile, {
    name: 'base',
    roots: bases.map(({ path }) => basename(path)),
    kept: new Set(),
  });
  await skipMerged(files, 'sota-mcp.js', base.merged);
  const roots = START.map((source) => basename(outputs.find(([, { entryPoint }]) => entryPoint === source)[0]));
  const start = await mergeChunks(files, metafile, { name: 'start', roots, keepNames: true, kept: base.merged });
  // The bin asks for the merged file itself, not for the lines that stand for its parts.
  let code = Buffer.from(files.get('sota-mcp.js')).toString();
  for (const root of roots) code = code.replaceAll(`"./${root}"`, `"./${start.file}"`);
  files.set('sota-mcp.js', Buffer.from(code));
}
