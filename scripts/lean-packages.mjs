/** Changes to packages while they are bundled, so that they hold and do less. */
import { readFileSync } from 'node:fs';
import { makeLazily } from './lazy-schemas.mjs';
import { leavesOut, withoutConstants, withoutMethods } from './left-out.mjs';

/**
 * The SDK brings a JSON Schema validator for tools that are declared through it, which ours are not, and for forms that a
 * human fills in, whose one field is judged where it is understood (`consent.ts`).
 */
export function withoutValidators() {
  return {
    name: 'without-validators',
    setup(esbuild) {
      esbuild.onResolve({ filter: /^@modelcontextprotocol\/server\/_shims$/ }, ({ path }) => ({
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
export function onlyUsedSchemas() {
  const expect = (count, least, path) => {
    if (count < least) throw new Error(`${path}: found ${count} places to change and expected at least ${least}`);
  };
  const change =
    (filter, pattern, least, replace, more = (text) => text) =>
    (esbuild) =>
      esbuild.onLoad({ filter }, ({ path }) => {
        let count = 0;
        const contents = readFileSync(path, 'utf8').replace(pattern, (...match) => {
          count += 1;
          return replace(...match);
        });
        expect(count, least, path);
        return { contents: more(contents) };
      });
  const tables =
    /^for \(const (?:key of SPEC_SCHEMA_KEYS|\[key, schema\] of Object\.entries\(authSchemas\))\) register\(.*\);$/gm;
  // A statement of one line, or one that ends with a line of closing brackets.
  const schemas = /^const (\w+Schema) = (\w[\w$.]*\((?:.*|.*[^;\n]\n(?:[\t ].*\n|\n)*[\])}].*));$/gm;
  return {
    name: 'only-used-schemas',
    setup(esbuild) {
      change(/server[\\/]dist[\\/]src-\w+\.mjs$/, tables, 2, () => '', makeLazily)(esbuild);
      change(/core[\\/]dist[\\/](?:schemas|auth)-[\w-]+\.mjs$/, schemas, 10, (_statement, name, made) => {
        return `const ${name} = /* @__PURE__ */ (() => ${made})();`;
      })(esbuild);
    },
  };
}

/**
 * zod writes a parser of its own for every object schema, at the first value it sees. That pays for schemas that see many,
 * and a start shows nearly each of its schemas one value only: so it is written a few values later.
 */
export function patientZod() {
  const eager = 'if (jit && fastEnabled && ctx?.async === false && ctx.jitless !== true) {';
  const state = 'let fastpass;';
  return {
    name: 'patient-zod',
    setup(esbuild) {
      esbuild.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]core[\\/]schemas\.js$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        const count = (part) => text.split(part).length - 1;
        if (count(eager) !== 1 || count(state) !== 1) throw new Error(`${path}: its parsers are written elsewhere now`);
        const patient = eager.replace('if (', 'if (++seen > 8 && ');
        return { contents: text.replace(state, `${state} let seen = 0;`).replace(eager, patient) };
      });
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

/**
 * What opens tunnels through proxies keeps a log of its own, for whoever asks for it by DEBUG: on stderr, with the password
 * of the proxy. It gets one that says nothing.
 */
export function silentTunnels() {
  return {
    name: 'silent-tunnels',
    setup(esbuild) {
      esbuild.onResolve({ filter: /^debug$/ }, ({ path, importer }) =>
        /[\\/]https-proxy-agent[\\/]/.test(importer) ? { path, namespace: 'silent' } : undefined,
      );
      esbuild.onLoad({ filter: /.*/, namespace: 'silent' }, () => ({ contents: 'module.exports = () => () => {};' }));
    },
  };
}

/** The marketplace upgrades connections by itself (src/market/realtime), so the HTTP server needs no WebSockets. */
export function withoutWebSockets() {
  const leftOut = leavesOut('@hono/node-server', 'scripts/lean-packages.mjs');
  return {
    name: 'without-web-sockets',
    setup(esbuild) {
      leftOut.declare(esbuild);
      esbuild.onLoad({ filter: /node-server[\\/]dist[\\/]index\.mjs$/ }, ({ path }) =>
        leftOut.module(withoutConstants(readFileSync(path, 'utf8'), ['setupWebSocket', 'upgradeWebSocket'], path)),
      );
    },
  };
}

/** What the marketplace asks of Hono is routes on one application; bodies it reads by their bytes. */
const UNUSED_HONO = [
  ['hono-base', ['mount', 'route', 'basePath']],
  ['request', ['parseBody']],
];

/** @param {string} root project folder, whose sources must not use what is left out */
export function onlyUsedHono(root) {
  const leftOut = leavesOut('hono', 'scripts/lean-packages.mjs');
  const all = UNUSED_HONO.flatMap(([, names]) => names);
  return {
    name: 'only-used-hono',
    setup(esbuild) {
      esbuild.onStart(() => ({ errors: leftOut.usesIn(root, 'src/market', all) }));
      leftOut.declare(esbuild);
      for (const [file, names] of UNUSED_HONO) {
        esbuild.onLoad({ filter: new RegExp(`[\\\\/]hono[\\\\/]dist[\\\\/]${file}\\.js$`) }, ({ path }) =>
          leftOut.module(withoutMethods(readFileSync(path, 'utf8'), names, path)),
        );
      }
    },
  };
}
