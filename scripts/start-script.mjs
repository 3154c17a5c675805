/**
 * The start of the server as one script. V8 gives compiled code away for scripts and not for modules, and Node finds and
 * runs a CommonJS file sooner than a module. So what runs before the first answer is a small CommonJS bin and one file
 * that it runs as a script (src/kit/code-cache.ts). That file has parts, each run when it is first asked for. Modules that
 * are loaded later take what they share with a part from that part.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { build } from 'esbuild';

/** By these names modules import from parts, until the name of the script is known. */
const UNKNOWN = '00000000';
const partsModule = `./parts-${UNKNOWN}.mjs`;
export const packagesStub = `./packages-${UNKNOWN}.mjs`;
/** What a part asks for by this and a name is another part. */
export const PART = 'sota:';

/**
 * Puts the script, the bin and what modules need to reach the parts among the files.
 * @param {Map<string, Uint8Array>} files all of dist/ by name; changed in place
 * @param {{name: string, code: Uint8Array, map: Uint8Array}[]} parts CommonJS each
 * @param {{root: string, common: object, main: string, packages: string[]}} options `main`: the part whose `main` the
 *   bin runs; `packages`: what the part of that name exports
 */
export async function writeStart(files, parts, { root, common, main, packages }) {
  const { code, map } = scriptOf(parts);
  const hash = createHash('sha256').update(code).digest('hex').slice(0, 8).toUpperCase();
  const script = `./vendor/start-${hash}.cjs`;
  files.set(script.slice(2), Buffer.from(`${code}//# sourceMappingURL=start-${hash}.cjs.map\n`));
  files.set(`${script.slice(2)}.map`, Buffer.from(JSON.stringify(map)));
  files.set(
    packagesStub.slice(2),
    Buffer.from(
      partStub(
        'packages',
        packages.map((name) => [name, name]),
      ),
    ),
  );
  const loader = (contents, format) => buildLoader(contents, { root, common, format });
  files.set(partsModule.slice(2), await loader(partsSource(script), 'esm'));
  for (const [name, content] of [...files]) {
    if (!name.endsWith('.mjs')) continue;
    const text = Buffer.from(content).toString();
    files.delete(name);
    files.set(withHash(name, hash), text.includes(UNKNOWN) ? Buffer.from(withHash(text, hash)) : content);
  }
  files.set('sota-mcp.js', await loader(binSource(script, main), 'cjs'));
  files.set('sota-runner.js', Buffer.from("import('./sota-runner.mjs');\n"));
  files.set('package.json', Buffer.from('{"type":"commonjs"}\n'));
}

const withHash = (text, hash) => text.replace(/\b(packages|parts)-00000000\.mjs/g, `$1-${hash}.mjs`);

/** The module that stands for chunks which are in a part. @param {[string, string][]} names there and here */
export function partStub(part, names) {
  const consts = names.map(([there], at) => `e${at}=p.${there}`);
  const list = names.map(([, here], at) => `e${at} as ${here}`);
  const body = list.length > 0 ? `const ${consts.join(',')};export{${list.join(',')}};` : '';
  return `import{part}from"${partsModule}";const p=part("${part}");${body}\n`;
}

/** Each part begins on a line of its own, so that the source maps go one below the other. */
function scriptOf(parts) {
  const map = { version: 3, sections: [] };
  const lines = ['(function (exports, require, module, native) { const parts = {'];
  for (const { name, code, map: ofPart } of parts) {
    lines.push(`${JSON.stringify(name)}: function (require, module, exports) {`);
    map.sections.push({ offset: { line: lines.length, column: 0 }, map: JSON.parse(Buffer.from(ofPart).toString()) });
    lines.push(...Buffer.from(code).toString().trimEnd().split('\n'), '},');
  }
  lines.push(
    '};',
    'const made = {};',
    'const ask = (id) => (id.startsWith("sota:") ? exports.part(id.slice(5)) : require(id));',
    'exports.part = (name) => {',
    '  if (!made[name]) parts[name](ask, (made[name] = { exports: {} }), made[name].exports);',
    '  return made[name].exports;',
    '};',
    '})',
  );
  const code = asAscii(`${lines.join('\n')}\n`);
  return { code, map };
}

/** The bundler escapes what stands in strings, and leaves what stands in regular expressions, where the same escape will do. */
function asAscii(code) {
  return code.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

async function buildLoader(contents, { root, common, format }) {
  const result = await build({
    ...common,
    stdin: { contents, resolveDir: join(root, 'src/kit'), sourcefile: 'loader.ts', loader: 'ts' },
    outdir: undefined,
    outfile: '/loader.js',
    sourcemap: false,
    format,
    define: {},
  });
  return result.outputFiles[0].contents;
}

const binSource = (script, main) => `
  import { join } from 'node:path';
  import { loadScript } from './code-cache.ts';
  const native = {
    load: (name) => import(name),
    get url() { return require('node:url').pathToFileURL(__filename).href; },
  };
  loadScript(join(__dirname, ${JSON.stringify(script)}), require, native).part(${JSON.stringify(main)}).main();`;

const partsSource = (script) => `
  import { createRequire } from 'node:module';
  import { fileURLToPath } from 'node:url';
  import { loadScript } from './code-cache.ts';
  const file = fileURLToPath(new URL(${JSON.stringify(script)}, import.meta.url));
  const native = { load: (name) => import(name), url: import.meta.url };
  export const { part } = loadScript(file, createRequire(import.meta.url), native);`;
