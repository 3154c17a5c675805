/**
 * The SDK makes the schemas of all messages of a protocol revision at once, when the first message of a connection has to
 * be judged. Of the revision that begins with `initialize` they are made one by one here, each at its first use, since a
 * host that waits for an answer waits for them. Works on the text of the SDK; where that no longer looks as expected, it
 * throws, as a slower start should not come by surprise.
 */

/** @param {string} text the module of the SDK that makes the schemas */
export function makeLazily(text) {
  const [builder] = /^function build\$1\(\) \{\n[\s\S]*?^\}$/m.exec(text) ?? [];
  if (!builder) throw new Error('The SDK makes the schemas of revision 2025-11-25 elsewhere');
  let lazy = text.replace(builder, () => lazyBuilder(builder));
  let maps = 0;
  lazy = lazy.replace(/^\t\t\t("[\w/]+"|\w+): (s\.\w+Schema),?$/gm, (_line, key, schema) => {
    maps += 1;
    return `\t\t\tget ${key}() { return ${schema}; },`;
  });
  if (maps < 40) throw new Error(`The SDK names ${maps} schemas by method and not 40`);
  return `${lazy}\nfunction madeOnce(make) { let made; return () => (made ??= make()); }\n`;
}

/** Statements are told apart by their indentation, which the SDK's own build makes. */
const STATEMENT = /^\tconst (\w+(?:\$\d+)?) = ([\s\S]*?);\n(?=\t[^\s)}\]]|(?![\s\S]))/gm;
const ENTRY = /^\t\t(\w+)(?:: ([\s\S]*?))?,?\n(?=\t\t\w|\t\};)/gm;

function lazyBuilder(builder) {
  const at = builder.indexOf('\treturn {\n');
  const head = builder.slice(0, at);
  const names = new Set([...head.matchAll(STATEMENT)].map(([, name]) => name));
  if (names.size < 80) throw new Error(`The SDK makes ${names.size} schemas and not 80`);
  const use = (code) =>
    code.replace(/(?<![\w$])(?<!(?<!\.)\.)[A-Z][\w$]*/g, (name) => (names.has(name) ? `${name}()` : name));
  const statements = head.replace(
    STATEMENT,
    (_whole, name, made) => `\tconst ${name} = madeOnce(() => ${use(made)});\n`,
  );
  const inline = [];
  const entries = builder.slice(at).replace(ENTRY, (_whole, name, made = name) => {
    if (names.has(made)) return `\t\tget ${name}() { return ${made}(); },\n`;
    inline.push(`\tconst once${name} = madeOnce(() => (${use(made)}));`);
    return `\t\tget ${name}() { return once${name}(); },\n`;
  });
  return `${statements}${inline.join('\n')}\n${entries}`;
}
