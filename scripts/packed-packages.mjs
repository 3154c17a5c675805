/**
 * The packages that every start of the server runs, in one file of their own. It is CommonJS, since V8 gives compiled
 * code away for scripts and not for modules (src/kit/code-cache.ts), and holds only what is used.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const SDK = '@modelcontextprotocol/server';
/** What every start of the server runs, and nearly nothing else as much: packed into one file whose compiled form is kept. */
const PACKED = [SDK, `${SDK}/stdio`, `${SDK}/ext/skills`, 'zod'];

/**
 * One CommonJS file with what the program takes of these packages, since V8 gives compiled code away for scripts and not
 * for modules.
 */
export async function packPackages(root, common) {
  const packages = [];
  for (const specifier of PACKED) packages.push({ specifier, names: await namesOf(root, specifier) });
  const contents = packages
    .map(
      ({ specifier, names }, at) =>
        `import { ${as(names, ' as ', at)} } from '${specifier}'; export const p${at} = { ${as(names, ': ', at)} };`,
    )
    .join('\n');
  const result = await build({
    ...common,
    stdin: { contents, resolveDir: root, sourcefile: 'packages.mjs' },
    entryNames: 'vendor/packages-[hash]',
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    plugins: [englishZodOnly(), withoutValidators(), onlyUsedSchemas()],
  });
  const file = result.outputFiles.find(({ path }) => path.endsWith('.cjs'));
  return { ...result, packages, name: basename(file.path) };
}

const as = (names, between, at) => names.map((name) => `${name}${between}${name}_${at}`).join(', ');

/** Of the SDK what our sources import, as most of it is never used here; of zod all, as it is reached by its namespace. */
async function namesOf(root, specifier) {
  if (specifier === 'zod') return Object.keys(await import('zod')).filter((name) => name !== 'default');
  const names = new Set();
  const imports = new RegExp(`import \\{([^}]*)\\} from '${specifier}';`, 'g');
  for (const path of readdirSync(join(root, 'src'), { recursive: true })) {
    if (!path.endsWith('.ts')) continue;
    for (const [, list] of readFileSync(join(root, 'src', path), 'utf8').matchAll(imports)) {
      for (const name of list.split(',')) if (name.trim() && !/^\s*type /.test(name)) names.add(name.trim());
    }
  }
  return [...names];
}

/** Lets everything else take those packages from that file. */
export function usePacked(root, { packages, name: file }) {
  const loader = JSON.stringify(join(root, 'src/kit/code-cache.ts'));
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
        const { names } = packages[at];
        return {
          contents: `import { packed } from 'sota:packed';\nexport const { ${names} } = packed.p${at};`,
          resolveDir: root,
        };
      });
      esbuild.onResolve({ filter: /^sota:packed$/ }, ({ path }) => ({ path, namespace: 'sota' }));
      esbuild.onLoad({ filter: /^sota:packed$/, namespace: 'sota' }, () => ({
        contents: `
          import { fileURLToPath } from 'node:url';
          import { loadCommonJs } from ${loader};
          export const packed = loadCommonJs(fileURLToPath(new URL(${JSON.stringify(`./vendor/${file}`)}, import.meta.url)));`,
        resolveDir: root,
      }));
    },
  };
}

/**
 * The SDK brings a JSON Schema validator for tools that are declared through it, which ours are not, and for forms that a
 * human fills in, whose one field is judged where it is understood (`consent.ts`).
 */
export function withoutValidators() {
  return {
    name: 'without-validators',
    setup(esbuild) {
      esbuild.onResolve({ filter: /^@modelcontextprotocol\/(server|client)\/_shims$/ }, ({ path }) => ({
        path,
        namespace: 'shims',
      }));
      esbuild.onLoad({ filter: /.*/, namespace: 'shims' }, () => ({
        contents: `
          export class DefaultJsonSchemaValidator {
            getValidator() {
              return (data) => ({ valid: true, data, errorMessage: undefined });
            }
          }
          export const process = globalThis.process;
          export const CORS_IS_POSSIBLE = false;`,
      }));
    },
  };
}

/**
 * The SDK builds a schema for every type of its specification when it is loaded, sign-in over HTTP included, and puts
 * them all into a table of types, which nobody here asks for. Most of its loading is that. So the table goes, and each
 * schema is marked as free of side effects, whereupon the bundler leaves out those that nothing else uses. Where the
 * SDK's code no longer looks as expected, the build stops: a slower start should not come by surprise.
 */
function onlyUsedSchemas() {
  const expect = (count, least, path) => {
    if (count < least) throw new Error(`${path}: found ${count} places to change and expected at least ${least}`);
  };
  const change = (filter, pattern, least, replace) => (esbuild) =>
    esbuild.onLoad({ filter }, ({ path }) => {
      let count = 0;
      const contents = readFileSync(path, 'utf8').replace(pattern, (...match) => {
        count += 1;
        return replace(...match);
      });
      expect(count, least, path);
      return { contents };
    });
  const tables =
    /^for \(const (?:key of SPEC_SCHEMA_KEYS|\[key, schema\] of Object\.entries\(authSchemas\))\) register\(.*\);$/gm;
  // A statement of one line, or one that ends with a line of closing brackets.
  const schemas = /^const (\w+Schema) = (\w[\w$.]*\((?:.*|.*[^;\n]\n(?:[\t ].*\n|\n)*[\])}].*));$/gm;
  return {
    name: 'only-used-schemas',
    setup(esbuild) {
      change(/server[\\/]dist[\\/]src-\w+\.mjs$/, tables, 2, () => '')(esbuild);
      change(/core[\\/]dist[\\/](?:schemas|auth)-[\w-]+\.mjs$/, schemas, 10, (_statement, name, made) => {
        return `const ${name} = /* @__PURE__ */ (() => ${made})();`;
      })(esbuild);
    },
  };
}

/** zod brings its messages in some fifty languages, a quarter megabyte that is never read. */
export function englishZodOnly() {
  return {
    name: 'english-zod-only',
    setup(esbuild) {
      esbuild.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
        contents: "export { default as en } from './en.js';",
      }));
    },
  };
}
