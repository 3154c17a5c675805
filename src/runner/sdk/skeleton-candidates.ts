/** What a place in a skeleton could hold, best first. */
import { sampleOfFormat, sampleOfPattern } from './sample-string.ts';

export type Schema = boolean | SchemaObject;
export interface SchemaObject {
  readonly [keyword: string]: unknown;
}

export type Candidate =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'array'; readonly items: readonly Schema[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Schema])[] };

export interface Place {
  readonly root: Schema;
  /** Name of the property, or index of the item. */
  readonly name: string | number | undefined;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly isRoot: boolean;
}

const MAX_BRANCHES = 12;
const MAX_CANDIDATES = 40;
const MAX_REFERENCES = 32;
const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const;
type Type = (typeof TYPES)[number];

const value = (content: unknown): Candidate => ({ kind: 'value', value: content });

/** At most {@link MAX_CANDIDATES}; empty where nothing can stand here. */
export function candidatesFor(node: Schema, place: Place): Candidate[] {
  const found: Candidate[] = [];
  for (const merged of branchesOf(node, place.root)) {
    found.push(...candidatesOf(merged, place));
    if (found.length >= MAX_CANDIDATES) break;
  }
  return found.slice(0, MAX_CANDIDATES);
}

/** Every way through references, allOf, anyOf, oneOf and if, as flat schemas; the first branches first. */
function branchesOf(node: Schema, root: Schema, depth = 0): SchemaObject[] {
  if (node === false || depth > MAX_REFERENCES) return [];
  if (node === true) return [{}];
  if (typeof node !== 'object' || node === null) return [{}];
  const { $ref, $dynamicRef, allOf, anyOf, oneOf, if: condition, then, else: otherwise, ...own } = node;
  let branches: SchemaObject[] = [own];
  const both = (others: readonly Schema[]) => {
    const expanded = others.flatMap((other) => branchesOf(other, root, depth + 1));
    branches = branches.flatMap((branch) => expanded.map((other) => merge(branch, other))).slice(0, MAX_BRANCHES);
  };
  for (const reference of [$ref, $dynamicRef]) {
    if (typeof reference === 'string') both([resolveReference(root, reference) ?? false]);
  }
  for (const part of listOf(allOf)) both([part as Schema]);
  for (const alternatives of [anyOf, oneOf]) if (Array.isArray(alternatives)) both(alternatives as Schema[]);
  if (condition !== undefined) {
    const met = merge(asObject(condition), {});
    const thenBranches = branchesOf({ allOf: [met, (then as Schema) ?? true] }, root, depth + 1);
    const elseBranches = branchesOf((otherwise as Schema) ?? true, root, depth + 1);
    branches = branches
      .flatMap((branch) => [...elseBranches, ...thenBranches].map((other) => merge(branch, other)))
      .slice(0, MAX_BRANCHES);
  }
  return branches;
}

function resolveReference(root: Schema, reference: string): Schema | undefined {
  if (!reference.startsWith('#')) return undefined;
  const fragment = decode(reference.slice(1));
  if (fragment !== '' && !fragment.startsWith('/')) return findAnchor(root, fragment);
  let current: unknown = root;
  for (const part of fragment.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current as Schema;
}

function findAnchor(node: unknown, anchor: string): Schema | undefined {
  if (typeof node !== 'object' || node === null) return undefined;
  const { $anchor, $dynamicAnchor } = node as SchemaObject;
  if ($anchor === anchor || $dynamicAnchor === anchor) return node as Schema;
  for (const child of Object.values(node)) {
    const found = findAnchor(child, anchor);
    if (found !== undefined) return found;
  }
  return undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Both at once, as far as one schema can say it; what it cannot say the validator still knows. */
function merge(a: SchemaObject, b: SchemaObject): SchemaObject {
  const merged: Record<string, unknown> = { ...a };
  for (const [keyword, theirs] of Object.entries(b)) {
    merged[keyword] = keyword in a ? combine(keyword, a[keyword], theirs) : theirs;
  }
  return merged;
}

function combine(keyword: string, ours: unknown, theirs: unknown): unknown {
  const numbers = typeof ours === 'number' && typeof theirs === 'number';
  if (/^(min|exclusiveMin)/.test(keyword) && numbers) return Math.max(ours, theirs);
  if (/^(max|exclusiveMax)/.test(keyword) && numbers) return Math.min(ours, theirs);
  if (keyword === 'multipleOf' && numbers)
    return ours % theirs === 0 ? ours : theirs % ours === 0 ? theirs : ours * theirs;
  if (keyword === 'required') return [...new Set([...listOf(ours), ...listOf(theirs)])];
  if (keyword === 'enum' && Array.isArray(ours) && Array.isArray(theirs)) {
    const texts = new Set(theirs.map((item) => JSON.stringify(item)));
    return ours.filter((item) => texts.has(JSON.stringify(item)));
  }
  if (keyword === 'type') {
    const allowed = typesIn(theirs);
    return typesIn(ours).flatMap((type) => {
      if (allowed.includes(type)) return [type];
      if (type === 'number' && allowed.includes('integer')) return ['integer'];
      return type === 'integer' && allowed.includes('number') ? ['integer'] : [];
    });
  }
  if (keyword === 'properties' || keyword === 'patternProperties' || keyword === '$defs') {
    const all: Record<string, unknown> = { ...asObject(ours) };
    for (const [name, schema] of Object.entries(asObject(theirs))) {
      all[name] = Object.hasOwn(all, name) ? { allOf: [all[name], schema] } : schema;
    }
    return all;
  }
  if (['items', 'additionalProperties', 'contains', 'propertyNames'].includes(keyword))
    return { allOf: [ours, theirs] };
  return theirs;
}

function candidatesOf(schema: SchemaObject, place: Place): Candidate[] {
  const types = typesFor(schema, place);
  if ('const' in schema) return [value(schema.const)];
  const found: Candidate[] = [];
  if (Array.isArray(schema.enum)) return schema.enum.map(value);
  if ('default' in schema) found.push(value(schema.default));
  found.push(...listOf(schema.examples).map(value));
  if (typeof place.name === 'string' && Object.hasOwn(place.parameters, place.name)) {
    const given = place.parameters[place.name];
    if (types.some((type) => isOfType(given, type))) found.push(value(given));
  }
  for (const type of types) found.push(...candidatesOfType(type, schema, place));
  return found;
}

function typesFor(schema: SchemaObject, { isRoot }: Place): readonly Type[] {
  const named = typesIn(schema.type);
  if (schema.type !== undefined) return named;
  const has = (...keywords: string[]) => keywords.some((keyword) => keyword in schema);
  const hinted: Type[] = [];
  if (has('properties', 'required', 'minProperties', 'patternProperties', 'dependentRequired')) hinted.push('object');
  if (has('items', 'prefixItems', 'minItems', 'contains')) hinted.push('array');
  if (has('minLength', 'pattern', 'format')) hinted.push('string');
  if (has('minimum', 'exclusiveMinimum', 'maximum', 'exclusiveMaximum', 'multipleOf')) hinted.push('number');
  const rest: Type[] = isRoot ? [...TYPES] : ['null', 'string', 'number', 'boolean', 'object', 'array'];
  return [...new Set([...hinted, ...rest])];
}

function candidatesOfType(type: Type, schema: SchemaObject, place: Place): Candidate[] {
  switch (type) {
    case 'object':
      return objects(schema);
    case 'array':
      return arrays(schema);
    case 'string':
      return strings(schema).map(value);
    case 'number':
    case 'integer':
      return numbers(schema, type).map(value);
    case 'boolean':
      return [value(false), value(true)];
    default:
      return place.isRoot && schema.type === undefined ? [] : [value(null)];
  }
}

function objects(schema: SchemaObject): Candidate[] {
  const properties = asObject(schema.properties) as Record<string, Schema>;
  const names = new Set(listOf(schema.required).filter((name): name is string => typeof name === 'string'));
  for (let size = -1; size !== names.size; ) {
    size = names.size;
    for (const [name, needed] of Object.entries(asObject(schema.dependentRequired))) {
      if (names.has(name)) for (const other of listOf(needed)) names.add(String(other));
    }
  }
  const least = numberIn(schema.minProperties) ?? 0;
  const optional = Object.keys(properties).filter((name) => !names.has(name) && properties[name] !== false);
  const invented = [...patternNames(schema), ...Array.from({ length: Math.min(least, 64) }, (_, i) => `x${i}`)];
  const sets: string[][] = [];
  const padded = [...names];
  for (const name of [...optional, ...invented]) if (padded.length < least && !padded.includes(name)) padded.push(name);
  sets.push(padded);
  // A rule that no keyword of this node states may want one of them.
  for (const name of optional.slice(0, 8)) if (!padded.includes(name)) sets.push([...padded, name]);
  if (optional.length > 1) sets.push([...new Set([...padded, ...optional])]);
  return sets.map((set) => ({
    kind: 'object',
    members: set.map((name) => [name, memberSchema(schema, name)] as const),
  }));
}

function patternNames(schema: SchemaObject): string[] {
  const { pattern } = asObject(schema.propertyNames);
  const patterns = [
    ...Object.keys(asObject(schema.patternProperties)),
    ...(typeof pattern === 'string' ? [pattern] : []),
  ];
  const enumerated = listOf(asObject(schema.propertyNames).enum).map(String);
  return [
    ...enumerated,
    ...patterns.flatMap((source) => [0, 1, 2].map((grow) => sampleOfPattern(source, grow) ?? `x${grow}`)),
  ];
}

function memberSchema(schema: SchemaObject, name: string): Schema {
  const own = asObject(schema.properties)[name] as Schema | undefined;
  const matching = Object.entries(asObject(schema.patternProperties)).flatMap(([source, inner]) =>
    matches(source, name) ? [inner as Schema] : [],
  );
  const parts = own === undefined ? matching : [own, ...matching];
  if (parts.length === 0) return (schema.additionalProperties as Schema | undefined) ?? true;
  return parts.length === 1 ? (parts[0] ?? true) : { allOf: parts };
}

function arrays(schema: SchemaObject): Candidate[] {
  const prefix = listOf(schema.prefixItems ?? (Array.isArray(schema.items) ? schema.items : undefined)) as Schema[];
  const rest = (Array.isArray(schema.items) ? (schema.additionalItems ?? true) : (schema.items ?? true)) as Schema;
  const least = Math.min(numberIn(schema.minItems) ?? 0, 1_000);
  const most = numberIn(schema.maxItems) ?? Number.POSITIVE_INFINITY;
  const unique = schema.uniqueItems === true;
  const itemAt = (index: number): Schema => {
    const item = prefix[index] ?? rest;
    return unique && item === true ? { const: index } : item;
  };
  const contains = schema.contains as Schema | undefined;
  const wanted = contains === undefined ? 0 : Math.min(numberIn(schema.minContains) ?? 1, 1_000);
  const list = (length: number, containing: number): Candidate => ({
    kind: 'array',
    items: Array.from({ length }, (_, index) => {
      const item = itemAt(index);
      return contains !== undefined && index < containing ? { allOf: [item, contains] } : item;
    }),
  });
  const lengths = [
    Math.max(least, wanted, Math.min(prefix.length, most)),
    Math.max(least, wanted),
    Math.max(least, prefix.length + wanted),
  ];
  return [...new Set(lengths)].filter((length) => length <= most).map((length) => list(length, wanted));
}

function strings(schema: SchemaObject): string[] {
  const least = numberIn(schema.minLength) ?? 0;
  const most = numberIn(schema.maxLength) ?? Number.POSITIVE_INFINITY;
  const found: string[] = [];
  if (typeof schema.format === 'string') {
    const sample = sampleOfFormat(schema.format);
    if (sample !== undefined) found.push(sample);
  }
  if (typeof schema.pattern === 'string') {
    for (const grow of [0, least, least + 1, 1, 2]) {
      const sample = sampleOfPattern(schema.pattern, grow);
      if (sample === undefined) continue;
      found.push(sample, sample.padEnd(least, 'x'), sample.padStart(least, 'x'));
    }
  }
  const filler = Math.min(least, 100_000);
  found.push('x'.repeat(filler), 'a'.repeat(Math.max(filler, 1)), '0'.repeat(Math.max(filler, 1)), ' '.repeat(filler));
  const lengthOf = (text: string) => (text.length > 64 ? text.length : [...text].length);
  return [...new Set(found)].filter((text) => lengthOf(text) >= least && lengthOf(text) <= most).slice(0, 10);
}

function numbers(schema: SchemaObject, type: 'number' | 'integer'): number[] {
  const step = numberIn(schema.multipleOf) ?? (type === 'integer' ? 1 : undefined);
  const low = Math.max(numberIn(schema.minimum) ?? -Infinity, numberIn(schema.exclusiveMinimum) ?? -Infinity);
  const high = Math.min(numberIn(schema.maximum) ?? Infinity, numberIn(schema.exclusiveMaximum) ?? Infinity);
  const from = low > 0 || low === 0 ? low : high < 0 ? high : 0;
  const unit = step ?? 1;
  const found: number[] = [];
  const grid = Math.round(from / unit);
  for (const offset of [0, 1, -1, 2, -2]) found.push((grid + offset) * unit);
  if (step === undefined) {
    if (Number.isFinite(low)) found.push(low);
    if (Number.isFinite(high)) found.push(high);
    if (Number.isFinite(low) && Number.isFinite(high)) found.unshift((low + high) / 2);
    found.sort((a, b) => Number(b === from) - Number(a === from) || 0);
  }
  if (type === 'integer') for (const offset of [1, 2, 3, 4, 5, 6]) found.push((grid + offset) * unit);
  const integral = type === 'integer' ? found.filter(Number.isInteger) : found;
  const inside = integral.filter((number) => number >= low && number <= high);
  return [...new Set(inside.map((number) => (Object.is(number, -0) ? 0 : number)))].slice(0, 10);
}

function typesIn(type: unknown): readonly Type[] {
  const named = typeof type === 'string' ? [type] : listOf(type);
  return named.filter((name): name is Type => (TYPES as readonly unknown[]).includes(name));
}

function isOfType(given: unknown, type: Type): boolean {
  switch (type) {
    case 'object':
      return typeof given === 'object' && given !== null && !Array.isArray(given);
    case 'array':
      return Array.isArray(given);
    case 'integer':
      return Number.isInteger(given);
    case 'null':
      return given === null;
    default:
      return typeof given === type;
  }
}

function matches(source: string, name: string): boolean {
  try {
    return new RegExp(source, 'u').test(name);
  } catch {
    return false;
  }
}

function numberIn(given: unknown): number | undefined {
  return typeof given === 'number' && Number.isFinite(given) ? given : undefined;
}

function listOf(given: unknown): readonly unknown[] {
  return Array.isArray(given) ? given : [];
}

function asObject(given: unknown): Record<string, unknown> {
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as Record<string, unknown>) : {};
}
