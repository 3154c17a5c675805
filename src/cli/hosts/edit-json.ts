/** Setting and removing single properties in the text of a JSON file, which stays as its owner wrote it otherwise. */
import { ConfigFileError, lineAt, lineEnd, type Plain, splitBom } from './config-text.ts';
import { isBlankJson, type JsonNode, parseJson, plainOf, propertyOf } from './json-document.ts';

/** The text of a file as a value; an empty file is an empty object. @throws ConfigFileError */
export function readJson(text: string): Plain {
  const { body } = splitBom(text);
  return isBlankJson(body) ? {} : plainOf(parseJson(body));
}

/**
 * The text with `value` at `path`, whose last name is the property; objects on the way are made where they are missing.
 * @throws ConfigFileError where the text is not JSON, or something on the way is no object
 * @example setInJson('{}', ['mcpServers', 'sota'], { command: 'npx' })
 */
export function setInJson(text: string, path: readonly string[], value: Plain): string {
  const { bom, body } = splitBom(text);
  if (isBlankJson(body)) {
    const whole = path.reduceRight<Plain>((inner, key) => ({ [key]: inner }), value);
    const head = body.trim() === '' ? '' : `${body.trimEnd()}${lineEnd(body)}`;
    return `${bom}${head}${render(whole, '', unitOf(body), lineEnd(body))}${lineEnd(body)}`;
  }
  return bom + setIn(body, parseJson(body), path, value);
}

/** The text without the property at `path`; unchanged where there is none. @throws ConfigFileError */
export function removeFromJson(text: string, path: readonly string[]): string {
  const { bom, body } = splitBom(text);
  if (isBlankJson(body)) return text;
  const root = parseJson(body);
  const last = path.at(-1) ?? '';
  const parent = path.slice(0, -1).reduce<JsonNode | undefined>((node, key) => propertyOf(node, key)?.value, root);
  const property = propertyOf(parent, last);
  if (parent?.kind !== 'object' || !property) return text;
  const { properties } = parent;
  const index = properties.indexOf(property);
  return bom + cut(body, properties, index, parent);
}

/** Appends to the array at `path`, made where it is missing. @throws ConfigFileError */
export function appendInJson(text: string, path: readonly string[], value: Plain): string {
  const { bom, body } = splitBom(text);
  if (isBlankJson(body)) return setInJson(text, path, [value]);
  const node = path.reduce<JsonNode | undefined>((inner, key) => propertyOf(inner, key)?.value, parseJson(body));
  if (!node) return setInJson(text, path, [value]);
  if (node.kind !== 'array') throw new ConfigFileError(`${path.join('.')} is not a list`, lineAt(body, node.start));
  return bom + insert(body, node, node.items, (indent) => render(value, indent, unitOf(body), lineEnd(body)));
}

/** The text without the items of the array at `path` that `matches` picks. @throws ConfigFileError */
export function removeItems(text: string, path: readonly string[], matches: (item: Plain) => boolean): string {
  const { bom, body } = splitBom(text);
  if (isBlankJson(body)) return text;
  const node = path.reduce<JsonNode | undefined>((inner, key) => propertyOf(inner, key)?.value, parseJson(body));
  if (node?.kind !== 'array') return text;
  const index = node.items.findIndex((item) => matches(plainOf(item)));
  if (index < 0) return text;
  return removeItems(bom + cut(body, node.items, index, node), path, matches);
}

function setIn(text: string, node: JsonNode, path: readonly string[], value: Plain): string {
  const [key = '', ...rest] = path;
  if (node.kind !== 'object') {
    throw new ConfigFileError('an object in braces should stand here', lineAt(text, node.start));
  }
  const existing = propertyOf(node, key);
  if (existing && rest.length > 0) return setIn(text, existing.value, rest, value);
  const unit = unitOf(text);
  const end = lineEnd(text);
  if (existing) {
    const { start, end: stop } = existing.value;
    return text.slice(0, start) + render(value, indentAt(text, existing.start), unit, end) + text.slice(stop);
  }
  const whole = rest.reduceRight<Plain>((inner, name) => ({ [name]: inner }), value);
  return insert(text, node, node.properties, (indent) => `${JSON.stringify(key)}: ${render(whole, indent, unit, end)}`);
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Puts one more member behind the last one of an object or array. */
function insert(text: string, parent: Span, members: readonly Span[], written: (indent: string) => string): string {
  const end = lineEnd(text);
  const outer = indentAt(text, parent.start);
  const last = members.at(-1);
  if (!last) {
    const inside = text.slice(parent.start + 1, parent.end - 1);
    const indent = outer + unitOf(text);
    // A comment may be all there is; it stays where it is.
    const kept = inside.trim() === '' ? '' : inside.trimEnd();
    return `${text.slice(0, parent.start + 1)}${kept}${end}${indent}${written(indent)}${end}${outer}${text.slice(parent.end - 1)}`;
  }
  const onOneLine = !/[\r\n]/.test(text.slice(parent.start, last.start));
  const comma = commaAfter(text, last.end, parent.end - 1);
  const head = comma === undefined ? `${text.slice(0, last.end)},` : text.slice(0, comma + 1);
  const tail = comma === undefined ? text.slice(last.end) : text.slice(comma + 1);
  const trailing = comma === undefined ? '' : ',';
  if (onOneLine) return `${head} ${written(outer)}${trailing}${tail}`;
  const indent = indentAt(text, last.start);
  // What is behind the last member on its line, such as a comment, belongs to that member.
  const rest = /^[^\r\n]*/.exec(tail)?.[0] ?? '';
  const belongs = /^[ \t]*(?:\/\/.*|(?:\/\*.*?\*\/[ \t]*)+)$/.test(rest) ? rest : '';
  return `${head}${belongs}${end}${indent}${written(indent)}${trailing}${tail.slice(belongs.length)}`;
}

/** The text without the member at `index`, its comma and, where it had lines to itself, those lines. */
function cut(text: string, members: readonly Span[], index: number, parent: Span): string {
  const member = members[index];
  if (!member) return text;
  const comma = commaAfter(text, member.end, parent.end - 1);
  const before = members[index - 1];
  let { start, end } = member;
  if (comma !== undefined) end = comma + 1;
  else if (before) {
    // The last one: the comma before it goes too, what stands between them stays.
    const earlier = commaAfter(text, before.end, member.start);
    if (earlier !== undefined) {
      const shorter = text.slice(0, earlier) + text.slice(earlier + 1);
      return dropLines(shorter, start - 1, end - 1);
    }
  }
  if (members.length === 1 && text.slice(parent.start + 1, start).trim() === '') {
    if (text.slice(end, parent.end - 1).trim() === '') {
      start = parent.start + 1;
      end = parent.end - 1;
      return text.slice(0, start) + text.slice(end);
    }
  }
  return dropLines(text, start, end);
}

function dropLines(text: string, start: number, end: number): string {
  const lead = /[ \t]*$/.exec(text.slice(0, start))?.[0].length ?? 0;
  const ownsLine = start - lead === 0 || /[\r\n]$/.test(text.slice(0, start - lead));
  const rest = /^[ \t]*(?:\r\n|\n|\r)/.exec(text.slice(end))?.[0];
  if (ownsLine && rest !== undefined) return text.slice(0, start - lead) + text.slice(end + rest.length);
  return text.slice(0, start) + text.slice(end).replace(/^[ \t]/, '');
}

/** Where the comma behind a member is, white space and comments skipped. */
function commaAfter(text: string, from: number, limit: number): number | undefined {
  const gap = /(?:\s|\/\/[^\r\n]*|\/\*[\s\S]*?\*\/)*/y;
  gap.lastIndex = from;
  const at = from + (gap.exec(text)?.[0].length ?? 0);
  return at < limit && text[at] === ',' ? at : undefined;
}

/** The white space a line begins with. */
function indentAt(text: string, offset: number): string {
  const line =
    text
      .slice(0, offset)
      .split(/\r\n|\r|\n/)
      .at(-1) ?? '';
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}

/** One step of indentation: that of the first indented line. */
function unitOf(text: string): string {
  return /^([ \t]+)["{[]/m.exec(text)?.[1] ?? '  ';
}

/** As people write it: a short list on one line, an object over several. */
function render(value: Plain, indent: string, unit: string, end: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const inner = indent + unit;
  const over = (open: string, rows: readonly string[], close: string) =>
    rows.length === 0 ? open + close : `${open}${end}${inner}${rows.join(`,${end}${inner}`)}${end}${indent}${close}`;
  if (Array.isArray(value)) {
    const line = `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
    if (value.every((item) => typeof item !== 'object') && line.length + indent.length < 100) return line;
    return over(
      '[',
      value.map((item) => render(item, inner, unit, end)),
      ']',
    );
  }
  const rows = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${render(item, inner, unit, end)}`);
  return over('{', rows, '}');
}
