/**
 * Methods of a package that nobody here calls. A method of a class stays in a bundle whether anybody calls it or not, and
 * with it all that it would use. So such methods are made to throw, and say where they were left out.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What changed texts of a package need to say so.
 * @param {string} name of the package
 * @param {string} script that changes it, for whoever meets the error
 */
export function leavesOut(name, script) {
  const specifier = `left-out:${name}`;
  return {
    /** Gives the bundle what the texts call. */
    declare(esbuild) {
      esbuild.onResolve({ filter: new RegExp(`^${specifier}$`) }, ({ path }) => ({ path, namespace: 'left-out' }));
      esbuild.onLoad({ filter: new RegExp(`^${specifier}$`), namespace: 'left-out' }, () => ({
        contents: `export function leftOut(what) {
          throw new Error(what + ' of ${name} is left out of this package (${script})');
        }`,
      }));
    },
    /**
     * Calls in our sources of what is left out, as errors for the build. A method of the same name of something else is one
     * too many. What runs by itself, or inside its class alone, nobody calls by name.
     */
    usesIn(root, folder, names) {
      const called = names.filter((method) => /^(?!constructor$)\w/.test(method)).join('|');
      const call = new RegExp(`\\.(?:${called})(?=[(<.])`, 'g');
      const place = join(root, folder);
      const files = existsSync(place) ? readdirSync(place, { recursive: true }) : [];
      return files
        .filter((file) => file.endsWith('.ts'))
        .flatMap((file) =>
          [...readFileSync(join(place, file), 'utf8').matchAll(call)].map(([use]) => ({
            text: `${folder}/${file} uses '${use}', which ${script} leaves out of the package`,
          })),
        );
    },
    /** A changed text, complete. */
    module: (text) => ({ contents: `${text}\nimport { leftOut } from '${specifier}';\n` }),
  };
}

/**
 * @param {string} text of a module, or of one class in it
 * @param {readonly string[]} names of methods, each of which must be there
 * @param {string} path for the error
 * @throws Error where one is not
 */
export function withoutMethods(text, names, path) {
  return names.reduce((before, name) => {
    // Blocks are told apart by their indentation, which the package's own build makes.
    const method = new RegExp(`^([ \\t]+)(get |)(?:async )?\\*?${name}\\(.*\\) \\{\\n[\\s\\S]*?^\\1\\}`, 'gm');
    const what = JSON.stringify(name);
    const after = before.replace(
      method,
      (_whole, indent, get) => `${indent}${get}${name}() { return leftOut(${what}); }`,
    );
    if (after === before) throw new Error(`${path} has no ${name}`);
    return after;
  }, text);
}

/**
 * The same for functions of a module that are written as constants, and for constants that a call makes.
 * @throws Error where one is not there
 */
export function withoutConstants(text, names, path) {
  return names.reduce((before, name) => {
    const constant = new RegExp(`^const ${name} = .*\\{\\n[\\s\\S]*?^\\}\\)?;`, 'm');
    const after = before.replace(constant, () => `const ${name} = () => leftOut(${JSON.stringify(name)});`);
    if (after === before) throw new Error(`${path} has no ${name}`);
    return after;
  }, text);
}
