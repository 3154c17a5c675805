/**
 * The defects code review looks for: how each is written, and how the checker finds it again in the text. The clean form
 * of every one serves as decoy, so a reader has to understand the code rather than spot a pattern.
 */

export interface Defect {
  kind: string;
  language: 'python' | 'javascript';
  /** A function called `name` that works on `noun`, with or without the defect. */
  write(name: string, noun: string, flawed: boolean): string[];
  /** The indices of the lines of one function that have the defect: empty when it is clean. */
  find(lines: readonly string[]): number[];
  /** What a description of the defect is expected to talk about. */
  explained: RegExp;
}

/** Every line that matches, unless another line of the function excuses it. */
function linesMatching(pattern: RegExp, excuse?: RegExp): Defect['find'] {
  return (lines) =>
    excuse && lines.some((line) => excuse.test(line))
      ? []
      : lines.flatMap((line, index) => (pattern.test(line) ? [index] : []));
}

const division = /\b(zero|empty|no (items|elements|values|entries)|nan)\b/i;
const offByOne =
  /off.?by.?one|out.?of.?(range|bounds)|index ?error|(one|1) (too|past|more|extra|element)|past the end|beyond|undefined|exceed/i;
const injection = /inject|concatenat|parameteri[sz]|placeholder|escap|saniti[sz]|untrusted/i;
const swallowed = /swallow|silent|ignor|suppress|hid|discard|mask|bare/i;

export const defects: readonly Defect[] = [
  {
    kind: 'mutable-default',
    language: 'python',
    write: (name, noun, flawed) => [
      `def ${name}(value, ${noun}=${flawed ? '[]' : 'None'}):`,
      ...(flawed ? [] : [`    if ${noun} is None:`, `        ${noun} = []`]),
      `    ${noun}.append(value)`,
      `    return ${noun}`,
    ],
    find: linesMatching(/^def .*=\[\]\)/),
    explained: /mutable|shared|default (argument|parameter|value|list)|persist|between calls|across calls/i,
  },
  {
    kind: 'empty-division',
    language: 'python',
    write: (name, noun, flawed) => [
      `def ${name}(${noun}):`,
      ...(flawed ? [] : [`    if not ${noun}:`, '        return 0.0']),
      `    total = sum(${noun})`,
      `    return total / len(${noun})`,
    ],
    find: linesMatching(/\/ len\(/, /^ {4}if not /),
    explained: division,
  },
  {
    kind: 'off-by-one',
    language: 'python',
    write: (name, noun, flawed) => [
      `def ${name}(${noun}):`,
      '    best = None',
      `    for index in range(len(${noun})${flawed ? ' + 1' : ''}):`,
      `        if best is None or ${noun}[index] > best:`,
      `            best = ${noun}[index]`,
      '    return best',
    ],
    find: linesMatching(/range\(len\(\w+\) \+ 1\)/),
    explained: offByOne,
  },
  {
    kind: 'sql-injection',
    language: 'python',
    write: (name, noun, flawed) => [
      `def ${name}(db, key):`,
      flawed
        ? `    cursor = db.execute("SELECT * FROM ${noun} WHERE name = '" + key + "'")`
        : `    cursor = db.execute("SELECT * FROM ${noun} WHERE name = ?", (key,))`,
      '    return cursor.fetchall()',
    ],
    find: linesMatching(/execute\(.*" \+ /),
    explained: injection,
  },
  {
    kind: 'resource-leak',
    language: 'python',
    write: (name, noun, flawed) =>
      flawed
        ? [`def ${name}(path):`, '    handle = open(path)', `    ${noun} = handle.read().split()`, `    return ${noun}`]
        : [
            `def ${name}(path):`,
            '    with open(path) as handle:',
            `        ${noun} = handle.read().split()`,
            `    return ${noun}`,
          ],
    find: linesMatching(/^ {4}\w+ = open\(/),
    explained: /clos|leak|context manager|\bwith\b|descriptor/i,
  },
  {
    kind: 'swallowed-error',
    language: 'python',
    write: (name, noun, flawed) => [
      `def ${name}(store, ${noun}):`,
      '    try:',
      `        store.save(${noun})`,
      ...(flawed
        ? ['    except Exception:', '        pass']
        : ['    except OSError as error:', '        store.report(error)', '        raise']),
    ],
    find: linesMatching(/^ {4}except Exception:$|^ {8}pass$/),
    explained: swallowed,
  },
  {
    kind: 'hard-coded-secret',
    language: 'python',
    write: (name, noun, flawed) => [
      `def ${name}(host, settings):`,
      `    login = settings["${noun}_login"]`,
      `    return connect(host, login, password=${flawed ? '"winter-garden"' : 'settings["password"]'})`,
    ],
    find: linesMatching(/password="/),
    explained: /hard.?cod|secret|credential|password|plain.?text/i,
  },
  {
    kind: 'empty-division',
    language: 'javascript',
    write: (name, noun, flawed) => [
      `function ${name}(${noun}) {`,
      ...(flawed ? [] : [`  if (${noun}.length === 0) return 0;`]),
      `  const total = ${noun}.reduce((sum, value) => sum + value, 0);`,
      `  return total / ${noun}.length;`,
      '}',
    ],
    find: linesMatching(/ \/ \w+\.length/, /\.length === 0\) return/),
    explained: division,
  },
  {
    kind: 'off-by-one',
    language: 'javascript',
    write: (name, noun, flawed) => [
      `function ${name}(${noun}) {`,
      '  const names = [];',
      `  for (let index = 0; index ${flawed ? '<=' : '<'} ${noun}.length; index += 1) {`,
      `    names.push(${noun}[index].name);`,
      '  }',
      '  return names;',
      '}',
    ],
    find: linesMatching(/index <= \w+\.length/),
    explained: offByOne,
  },
  {
    kind: 'sql-injection',
    language: 'javascript',
    write: (name, noun, flawed) => [
      `async function ${name}(db, key) {`,
      flawed
        ? `  return await db.query("SELECT * FROM ${noun} WHERE name = '" + key + "'");`
        : `  return await db.query("SELECT * FROM ${noun} WHERE name = $1", [key]);`,
      '}',
    ],
    find: linesMatching(/query\(.*" \+ /),
    explained: injection,
  },
  {
    kind: 'swallowed-error',
    language: 'javascript',
    write: (name, noun, flawed) => [
      `async function ${name}(store, ${noun}) {`,
      '  try {',
      `    await store.save(${noun});`,
      ...(flawed ? ['  } catch {}'] : ['  } catch (error) {', '    store.report(error);', '    throw error;', '  }']),
      '}',
    ],
    find: linesMatching(/catch \{\}/),
    explained: swallowed,
  },
  {
    kind: 'assignment-in-condition',
    language: 'javascript',
    write: (name, noun, flawed) => [
      `function ${name}(${noun}, mode) {`,
      `  if (mode ${flawed ? '=' : '==='} "strict") {`,
      `    return ${noun}.filter((entry) => entry.valid);`,
      '  }',
      `  return ${noun};`,
      '}',
    ],
    find: linesMatching(/if \(\w+ = /),
    explained: /assign|===|==|compar/i,
  },
];
