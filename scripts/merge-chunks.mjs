/**
 * The chunks of the start become parts of its script. The bundler makes a chunk of whatever two entries share, some twenty
 * of which the server needs before its first answer. What stays of each is a module that passes its names on, for
 * everything that is loaded later.
 */
import { basename } from 'node:path';
import { build } from 'esbuild';
import { PART, packagesStub, partStub } from './start-script.mjs';

/** What the bin of the server runs: first whatever the command line is, then for serving. */
const MAIN = 'src/cli/main.ts';
const START = ['src/cli/serve-command.ts', 'src/cli/settings.ts'];

/**
 * Takes the chunks of the start out of the files, and leaves modules in their place that stand for them.
 * @param {Map<string, Uint8Array>} files all of dist/ by name; changed in place
 * @param {import('esbuild').Metafile} metafile of the build that made them
 * @returns {Promise<{name: string, code: Uint8Array, map: Uint8Array}[]>} the parts
 */
export async function takeStart(files, metafile) {
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]));
  const chunkOf = (source) => [...outputs].find(([, { entryPoint }]) => entryPoint === source)[0];
  const roots = START.map(chunkOf);
  const base = collect(outputs, [chunkOf(MAIN)], new Set());
  const start = collect(outputs, roots, new Set(base));
  const groups = [
    { name: 'base', chunks: base, names: namesOf(outputs, base, [chunkOf(MAIN)]) },
    { name: 'start', chunks: start, names: namesOf(outputs, start, roots) },
  ];
  const parts = [];
  for (const group of groups) parts.push({ name: group.name, ...(await joinChunks(files, group, { groups, roots })) });
  for (const { name, names } of groups) {
    for (const [chunk, list] of names) {
      files.set(chunk, Buffer.from(partStub(name, list)));
      files.delete(`${chunk}.map`);
    }
  }
  return parts;
}

/** These chunks with all that they import statically, but for what is taken elsewhere. */
function collect(outputs, roots, taken) {
  const found = new Set();
  const waiting = [...roots];
  for (let chunk = waiting.pop(); chunk !== undefined; chunk = waiting.pop()) {
    if (found.has(chunk) || taken.has(chunk)) continue;
    found.add(chunk);
    for (const { path, kind, external } of outputs.get(chunk).imports) {
      if (kind === 'import-statement' && !external) waiting.push(basename(path));
    }
  }
  return [...found];
}

/** What each chunk exports, by the name in the part and its own: names as the bundler gave them collide. */
function namesOf(outputs, chunks, roots) {
  return new Map(
    chunks.map((chunk, at) => [
      chunk,
      outputs.get(chunk).exports.map((name) => [roots.includes(chunk) ? name : `c${at}_${name}`, name]),
    ]),
  );
}

/** Makes one CommonJS text of the chunks; what they import of other parts is asked for by the name of the part. */
async function joinChunks(files, { name, chunks, names }, { groups, roots }) {
  const contents = chunks.map((chunk) => `export { ${as(names.get(chunk))} } from './${chunk}';`).join('\n');
  const result = await build({
    stdin: { contents, sourcefile: `${name}.js`, resolveDir: '/' },
    outfile: `/${name}.cjs`,
    write: false,
    bundle: true,
    minify: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    sourcemap: 'external',
    logLevel: 'warning',
    define: { 'import.meta.url': 'native.url' },
    plugins: [fromMemory(files, { chunks, groups })],
  });
  const [map, code] = ['.map', '.cjs'].map((end) => result.outputFiles.find(({ path }) => path.endsWith(end)).contents);
  return { code: Buffer.from(withoutImport(Buffer.from(code).toString(), roots)), map };
}

const as = (names) => names.map(([there, here]) => `${here} as ${there}`).join(', ');

/** A script has no `import()` of its own. What would import a root of a part asks for the part. */
function withoutImport(code, roots) {
  const asked = code.replace(/\bimport\("\.\/([^"]+)"\)/g, (_whole, chunk) =>
    roots.includes(chunk) ? `Promise.resolve(require("${PART}start"))` : `native.load("./${chunk}")`,
  );
  const left = asked.match(/.{0,40}\bimport\s*[.(].{0,40}/);
  if (left) throw new Error(`A script can import nothing by itself: ${left[0]}`);
  return asked;
}

function fromMemory(files, { chunks, groups }) {
  return {
    name: 'from-memory',
    setup(esbuild) {
      esbuild.onResolve({ filter: /^\.\// }, ({ path, kind }) => {
        if (path === packagesStub) return { path: `${PART}packages`, external: true };
        const chunk = path.slice(2);
        if (kind === 'dynamic-import') return { path, external: true };
        if (chunks.includes(chunk)) return { path: chunk, namespace: 'chunk' };
        return { path: chunk, namespace: 'part' };
      });
      esbuild.onLoad({ filter: /.*/, namespace: 'chunk' }, ({ path }) => ({
        contents: readChunk(files, path),
        resolveDir: '/',
      }));
      esbuild.onLoad({ filter: /.*/, namespace: 'part' }, ({ path }) => {
        const { name, names } = groups.find((group) => group.names.has(path));
        const list = names.get(path).map(([there, here]) => `${there} as ${here}`);
        return { contents: `export { ${list.join(', ')} } from '${PART}${name}';` };
      });
      esbuild.onResolve({ filter: /^sota:/ }, ({ path }) => ({ path, external: true }));
    },
  };
}

/**
 * Without the line that gives a module a require(), which a script has, and with its source map inside, which is how the
 * next bundling finds it. An empty line keeps the map right.
 */
function readChunk(files, name) {
  const code = Buffer.from(files.get(name))
    .toString()
    .replace(/^import\{createRequire as \w+\}from"node:module";(?:var|let|const) \w+=\w+\(import\.meta\.url\);/m, '')
    .replace(/^\/\/# sourceMappingURL=.*$/m, '');
  const map = files.get(`${name}.map`);
  if (!map) return code;
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}`;
}
