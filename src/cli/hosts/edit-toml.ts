/** Setting and removing one table in the text of a TOML file, which stays as its owner wrote it otherwise. */
import { ConfigFileError, lineAt, lineEnd, splitBom } from './config-text.ts';
import { parseToml, type TomlPair, type TomlTable, type TomlValue } from './toml-document.ts';

/** What this program writes: texts, lists of texts, and one table of texts. */
export type TomlSetting = string | readonly string[] | Readonly<Record<string, string>>;
export type TomlSettings = Readonly<Record<string, TomlSetting>>;

/**
 * The text with the given keys in the table at `path`. Keys that are there and not given stay; a table of texts is
 * merged into the one that is there.
 * @throws ConfigFileError where the text is not TOML, or the table is written in a way that cannot be extended
 * @example setInToml('', ['mcp_servers', 'sota'], { command: 'npx', args: ['-y', 'sota-mcp'] })
 */
export function setInToml(text: string, path: readonly string[], settings: TomlSettings): string {
  const { bom, body } = splitBom(text);
  let result = body;
  const plain = Object.entries(settings).filter(([, value]) => !isTable(value));
  if (!tableAt(result, path)) result = addTable(result, path, plain);
  else for (const [key, value] of plain) result = setKey(result, path, key, value);
  for (const [key, value] of Object.entries(settings)) {
    if (!isTable(value)) continue;
    // Written in braces on one line, such as env = { A = "1" }: rewritten there.
    const inline = tableAt(result, path)?.pairs.find((pair) => pair.path.at(-1) === key);
    if (inline) {
      const merged = { ...textsOf(inline.value), ...value };
      result = replacePair(result, inline, renderInline(merged));
    } else {
      const below = [...path, key];
      if (!tableAt(result, below)) result = addBelow(result, path, below, Object.entries(value));
      else for (const [name, text] of Object.entries(value)) result = setKey(result, below, name, text);
    }
  }
  return bom + result;
}

/** The text without the table at `path` and the tables below it. @throws ConfigFileError */
export function removeFromToml(text: string, path: readonly string[]): string {
  const { bom, body } = splitBom(text);
  let result = body;
  for (;;) {
    const tables = checked(result, path);
    const index = tables.findIndex((table) => table.start < table.headEnd && startsWith(table.path, path));
    const table = tables[index];
    if (!table) return bom + result;
    const from = lineStart(result, table.start);
    const to = nextLine(result, table.pairs.at(-1)?.end ?? table.headEnd);
    const before = result.slice(0, from);
    // One blank line separated it from what stood above; where it was the last, none is needed.
    const after = result.slice(to);
    result =
      after.trim() === ''
        ? before.replace(/(?:\r?\n)+$/, lineEnd(result)) + after.trimStart()
        : before + after.replace(/^(?:[ \t]*\r?\n)+/, '');
  }
}

/** The keys of the table at `path`, with the table of texts below it where there is one. @throws ConfigFileError */
export function readToml(text: string, path: readonly string[]): Readonly<Record<string, unknown>> | undefined {
  const { body } = splitBom(text);
  const tables = checked(body, path);
  const own = tables.find((table) => same(table.path, path));
  if (!own) return undefined;
  const entries = own.pairs.map(({ path: key, value }) => [key.at(-1) ?? '', simplify(value)]);
  const below = tables
    .filter((table) => table.path.length === path.length + 1 && startsWith(table.path, path))
    .map((table) => [
      table.path.at(-1) ?? '',
      Object.fromEntries(table.pairs.map(({ path: key, value }) => [key.at(-1) ?? '', simplify(value)])),
    ]);
  return Object.fromEntries([...entries, ...below]);
}

/** The names of the tables directly below `path`, to compare before and after an edit. @throws ConfigFileError */
export function everythingElse(text: string, path: readonly string[]): unknown {
  return parseToml(splitBom(text).body)
    .filter((table) => !startsWith(table.path, path))
    .map((table) => [table.path, table.pairs.map(({ path: key, value }) => [key, value])]);
}

function isTable(value: TomlSetting): value is Readonly<Record<string, string>> {
  return typeof value === 'object' && !Array.isArray(value);
}

/** The tables, refused where the one at `path` is spelled in a way this program does not extend. */
function checked(text: string, path: readonly string[]): TomlTable[] {
  const tables = parseToml(text);
  for (const table of tables) {
    if (table.array && startsWith(path, table.path)) {
      throw new ConfigFileError(`[[${table.path.join('.')}]] is a list of tables`, lineAt(text, table.start));
    }
    for (const pair of table.pairs) {
      const spelled = startsWith(pair.path, path) || startsWith(path, pair.path);
      if (spelled && !startsWith(table.path, path)) {
        throw new ConfigFileError(
          `${pair.path.join('.')} is set here; write it as a table of its own, [${path.join('.')}], or remove it`,
          lineAt(text, pair.start),
        );
      }
    }
  }
  return tables;
}

function tableAt(text: string, path: readonly string[]): TomlTable | undefined {
  return checked(text, path).find((table) => same(table.path, path));
}

function setKey(text: string, path: readonly string[], key: string, value: TomlSetting): string {
  const table = tableAt(text, path);
  if (!table) return text;
  const existing = table.pairs.find((pair) => same(pair.path, [...path, key]));
  if (existing) {
    const unchanged = JSON.stringify(simplify(existing.value)) === JSON.stringify(value);
    return unchanged ? text : replacePair(text, existing, renderValue(value));
  }
  const at = lineStop(text, table.pairs.at(-1)?.end ?? table.headEnd);
  return `${text.slice(0, at)}${lineEnd(text)}${renderKey(key)} = ${renderValue(value)}${text.slice(at)}`;
}

function replacePair(text: string, { valueStart, end }: TomlPair, written: string): string {
  return text.slice(0, valueStart) + written + text.slice(end);
}

/** A new table at the end: everything before it stays what it is. */
function addTable(text: string, path: readonly string[], entries: readonly (readonly [string, TomlSetting])[]): string {
  const end = lineEnd(text);
  const head = text === '' ? '' : `${text.replace(/\s+$/, '')}${text.trim() === '' ? '' : end + end}`;
  return `${head}${renderTable(path, entries, end)}${end}`;
}

/** A table below another goes right behind it, before what comes next. */
function addBelow(
  text: string,
  parent: readonly string[],
  path: readonly string[],
  entries: readonly (readonly [string, TomlSetting])[],
): string {
  const end = lineEnd(text);
  const table = tableAt(text, parent);
  const at = lineStop(text, table?.pairs.at(-1)?.end ?? table?.headEnd ?? text.length);
  const rest = text.slice(at);
  return `${text.slice(0, at)}${end}${end}${renderTable(path, entries, end)}${rest === '' ? end : rest}`;
}

function renderTable(
  path: readonly string[],
  entries: readonly (readonly [string, TomlSetting])[],
  end: string,
): string {
  const rows = entries.map(([key, value]) => `${renderKey(key)} = ${renderValue(value)}`);
  return [`[${path.map(renderKey).join('.')}]`, ...rows].join(end);
}

function renderKey(key: string): string {
  return /^[\w-]+$/.test(key) ? key : renderText(key);
}

function renderValue(value: TomlSetting): string {
  if (typeof value === 'string') return renderText(value);
  if (isTable(value)) return renderInline(value);
  return `[${value.map(renderText).join(', ')}]`;
}

function renderInline(table: Readonly<Record<string, string>>): string {
  const rows = Object.entries(table).map(([key, value]) => `${renderKey(key)} = ${renderText(value)}`);
  return `{ ${rows.join(', ')} }`;
}

/** A path of Windows reads best between single quotes, where a backslash is one. */
function renderText(text: string): string {
  if (text.includes('\\') && !/['\p{Cc}]/u.test(text)) return `'${text}'`;
  return JSON.stringify(text);
}

function textsOf(value: TomlValue): Record<string, string> {
  const simple = simplify(value);
  if (typeof simple !== 'object' || simple === null || Array.isArray(simple)) return {};
  return Object.fromEntries(Object.entries(simple).map(([key, text]) => [key, String(text)]));
}

function simplify(value: TomlValue): unknown {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(simplify);
  if ('word' in value) return value.word;
  const { table } = value as { table: Readonly<Record<string, TomlValue>> };
  return Object.fromEntries(Object.entries(table).map(([key, inner]) => [key, simplify(inner)]));
}

function startsWith(path: readonly string[], start: readonly string[]): boolean {
  return path.length >= start.length && start.every((part, index) => path[index] === part);
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && startsWith(a, b);
}

function lineStart(text: string, at: number): number {
  return Math.max(text.lastIndexOf('\n', at - 1) + 1, 0);
}

/** The end of the line, its comment included. */
function lineStop(text: string, at: number): number {
  return at + (/^[^\r\n]*/.exec(text.slice(at))?.[0].length ?? 0);
}

function nextLine(text: string, at: number): number {
  const stop = lineStop(text, at);
  return stop + (/^\r?\n/.exec(text.slice(stop))?.[0].length ?? 0);
}
