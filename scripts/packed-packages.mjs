/**
 * The packages that every start of the server runs, for one part of the start's script (start-script.mjs). It holds only
 * what is used.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, transform } from 'esbuild';
import { englishZodOnly, onlyUsedSchemas, patientZod, withoutValidators } from './lean-packages.mjs';
import { onlyUsedSdk } from './lean-sdk.mjs';
import { packagesStub } from './start-script.mjs';

const SDK = '@modelcontextprotocol/server';
/** What every start of the server runs, and nearly nothing else as much. */
const PACKED = [SDK, `${SDK}/stdio`, `${SDK}/ext/skills`, 'zod'];

/** One CommonJS text with what the program takes of these packages, and the names it takes. */
export async function packPackages(root, common) {
  const packages = [];
  for (const specifier of PACKED) {
    packages.push({ specifier, names: specifier === 'zod' ? await zodNames(root) : namesOf(root, specifier) });
  }
  const contents = packages
    .map(({ specifier, names }, at) => {
      const list = names.map((name) => `p${at}.${name} as ${name}_${at}`);
      return `import * as p${at} from '${specifier}';\n${list.map(exported).join('\n')}`;
    })
    .join('\n');
  const result = await build({
    ...common,
    stdin: { contents, resolveDir: root, sourcefile: 'packages.mjs' },
    outfile: '/packages.cjs',
    outdir: undefined,
    sourcemap: 'external',
    format: 'cjs',
    plugins: [englishZodOnly(), withoutValidators(), onlyUsedSdk(root), onlyUsedSchemas(), patientZod()],
  });
  const [map, code] = ['.map', '.cjs'].map((end) => result.outputFiles.find(({ path }) => path.endsWith(end)).contents);
  return { code, map, metafile: result.metafile, packages };
}

/** `const` and not `export { … } from`, since of a namespace the bundler keeps only what is read off it. */
function exported(pair) {
  const [from, name] = pair.split(' as ');
  return `const ${name} = ${from}; export { ${name} };`;
}

/** Of the SDK what our sources import, as most of it is never used here. */
function namesOf(root, specifier) {
  const names = new Set();
  const imports = new RegExp(`import \\{([^}]*)\\} from '${specifier}';`, 'g');
  for (const text of sources(root)) {
    for (const [, list] of text.matchAll(imports)) {
      for (const name of list.split(',')) if (name.trim() && !/^\s*type /.test(name)) names.add(name.trim());
    }
  }
  return [...names];
}

function sources(root) {
  return readdirSync(join(root, 'src'), { recursive: true })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(root, 'src', path), 'utf8'));
}

/**
 * Of zod what is read off `z`, here and by the packages that are bundled elsewhere and share it. What this overlooks, the
 * bundler misses, and the build stops.
 */
async function zodNames(root) {
  const names = new Set();
  for (const text of [...sources(root), ...sharing(root)]) {
    if (!/from ['"]zod/.test(text)) continue;
    // Without the types, whose names are no values.
    const { code } = await transform(text, { loader: 'ts' });
    for (const [, name] of code.matchAll(/(?<![.\w$])z\.(\w+)/g)) names.add(name);
  }
  return [...names].sort();
}

function sharing(root) {
  const folders = ['client', 'core'].map((name) => join(root, 'node_modules/@modelcontextprotocol', name, 'dist'));
  return folders.filter(existsSync).flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.mjs'))
      .map((name) => readFileSync(join(folder, name), 'utf8')),
  );
}

/** Lets everything else take those packages from that part, by the names they have there. */
export function usePacked({ packages }) {
  // The same package by the name that other packages call it.
  const asked = (path) => (path === 'zod/v4' ? 'zod' : path);
  return {
    name: 'use-packed',
    setup(esbuild) {
      esbuild.onResolve({ filter: /^(zod|@modelcontextprotocol\/server)(\/|$)/ }, ({ path }) =>
        PACKED.includes(asked(path)) ? { path: asked(path), namespace: 'packed' } : undefined,
      );
      esbuild.onLoad({ filter: /.*/, namespace: 'packed' }, ({ path }) => {
        const at = packages.findIndex(({ specifier }) => specifier === path);
        const list = packages[at].names.map((name) => `${name}_${at} as ${name}`);
        const itself = path === 'zod' ? "export * as z from 'zod';" : '';
        return { contents: `export { ${list} } from '${packagesStub}';${itself}` };
      });
      esbuild.onResolve({ filter: /.*/, namespace: 'packed' }, ({ path }) =>
        path === packagesStub ? { path, external: true } : undefined,
      );
    },
  };
}
