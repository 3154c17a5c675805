import { z } from 'zod';
import type { AnyTool } from './define-tool.ts';
import {
  type ArgumentProblem,
  invalidArguments,
  missingArgument,
  notAnObject,
  unknownArgument,
  wrongArgument,
} from './teach-arguments.ts';

/**
 * Arguments as models really send them, read into what a tool takes. Slips with one possible meaning are repaired and
 * reported; everything else is refused with what was wrong, since guessing at somebody's money or words is no help.
 * Repaired: another name for an argument (price for amount_usdc), another spelling (jobId), a value wrapped in a JSON
 * string, a number or boolean in quotes, one string where a list is wanted, null for an argument left out.
 */
export interface ReadArguments {
  readonly input: Readonly<Record<string, unknown>>;
  /** One short sentence per repair. */
  readonly repaired: readonly string[];
}

const WRAPPERS: ReadonlySet<string> = new Set(['payload', 'arguments', 'args']);

type Wanted = 'object' | 'array' | 'number' | 'boolean' | 'string' | 'any';

/**
 * @throws SotaError invalid_arguments
 * @example readArguments(bid, { id: 'j1', price: 2, eta_seconds: 60 })
 * // { input: { job_id: 'j1', amount_usdc: 2, eta_seconds: 60 }, repaired: ['id → job_id', 'price → amount_usdc'] }
 */
export function readArguments(tool: AnyTool, given: unknown): ReadArguments {
  const repaired: string[] = [];
  const raw = unwrap(given, repaired);
  if (!isRecord(raw)) throw invalidArguments(tool, [notAnObject(tool)]);
  const named = renameArguments(tool, openWrapper(tool, raw, repaired), repaired);
  const shape: Record<string, z.core.$ZodType> = tool.input.shape;
  const values = Object.fromEntries(
    Object.entries(named)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => [name, repairValue(name, value, shape[name], repaired)]),
  );
  const parsed = tool.input.safeParse(values);
  if (!parsed.success) throw invalidArguments(tool, problemsOf(tool, parsed.error, values));
  return { input: parsed.data, repaired };
}

function unwrap(given: unknown, repaired: string[]): unknown {
  if (given === undefined || given === null || given === '') return {};
  if (typeof given !== 'string') return given;
  const parsed = parseJson(given);
  if (isRecord(parsed)) repaired.push('the arguments were a JSON string');
  return parsed;
}

/** Takes arguments out of a wrapper: the published signature of create_job has one, and some hosts add one. */
function openWrapper(tool: AnyTool, raw: Record<string, unknown>, repaired: string[]): Record<string, unknown> {
  const [name, ...others] = Object.keys(raw);
  if (name === undefined || others.length || !WRAPPERS.has(name) || Object.hasOwn(tool.input.shape, name)) return raw;
  const inner = typeof raw[name] === 'string' ? parseJson(raw[name]) : raw[name];
  if (!isRecord(inner)) return raw;
  repaired.push(`the arguments were wrapped in ${name}`);
  return inner;
}

function renameArguments(tool: AnyTool, raw: Record<string, unknown>, repaired: string[]): Record<string, unknown> {
  const known = Object.keys(tool.input.shape);
  const result: Record<string, unknown> = {};
  for (const name of known) if (Object.hasOwn(raw, name)) result[name] = raw[name];
  for (const [name, value] of Object.entries(raw)) {
    if (known.includes(name)) continue;
    const target = renamed(tool, name, known);
    // Two names for one argument with different values have two possible meanings: left to be refused.
    if (target !== undefined && result[target] === undefined) {
      result[target] = value;
      repaired.push(`${name} → ${target}`);
    } else if (target === undefined || result[target] !== value) {
      result[name] = value;
    }
  }
  return result;
}

function renamed(tool: AnyTool, name: string, known: readonly string[]): string | undefined {
  const aliases = tool.aliases ?? {};
  const plain = simplify(name);
  const alias = Object.keys(aliases).find((candidate) => simplify(candidate) === plain);
  return known.find((candidate) => simplify(candidate) === plain) ?? (alias ? aliases[alias] : undefined);
}

function repairValue(name: string, value: unknown, schema: z.core.$ZodType | undefined, repaired: string[]): unknown {
  if (!schema) return value;
  const wanted = wantedTypes(schema);
  const accepts = (type: Wanted) => wanted.has('any') || wanted.has(type);
  if (typeof value === 'number' && !accepts('number') && accepts('string')) {
    repaired.push(`${name} was a number, not text`);
    return String(value);
  }
  // A work result may be any JSON: where text or an object is taken, a list or a number is the text of itself.
  if (accepts('string') && accepts('object') && (Array.isArray(value) || typeof value === 'boolean')) {
    return JSON.stringify(value);
  }
  if (typeof value !== 'string' || accepts('string')) return value;
  const parsed = parseJson(value.trim());
  if ((accepts('object') && isRecord(parsed)) || (accepts('array') && Array.isArray(parsed))) {
    repaired.push(`${name} was a JSON string`);
    return parsed;
  }
  if ((accepts('number') && typeof parsed === 'number') || (accepts('boolean') && typeof parsed === 'boolean')) {
    repaired.push(`${name} was in quotes`);
    return parsed;
  }
  if (accepts('array') && value.trim()) {
    repaired.push(`${name} was not a list`);
    return value.split(',').map((item) => item.trim());
  }
  return value;
}

/** The JSON types a schema takes, seen through optional, default and transform. */
function wantedTypes(schema: z.core.$ZodType): ReadonlySet<Wanted> {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const variants = [json, ...(json.anyOf ?? [])];
  const types = variants.flatMap((variant) => {
    if (typeof variant === 'boolean') return ['any'];
    if (variant.enum) return ['string'];
    return [variant.type].flat().map((type) => (type === 'integer' ? 'number' : type));
  });
  const found = types.filter((type): type is Wanted => typeof type === 'string' && type !== 'null');
  return new Set(found.length ? found : ['any']);
}

function problemsOf(tool: AnyTool, error: z.ZodError, values: Record<string, unknown>): ArgumentProblem[] {
  const problems = error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys' && issue.path.length === 0) {
      return issue.keys.map((key) => unknownArgument(tool, key));
    }
    const [head, ...rest] = issue.path.map(String);
    const argument = head ?? 'arguments';
    if (rest.length === 0 && !Object.hasOwn(values, argument) && Object.hasOwn(tool.input.shape, argument)) {
      return [missingArgument(argument)];
    }
    return [wrongArgument([argument, ...rest].join('.'), wording(issue, valueAt(values, issue.path)))];
  });
  // A misspelt required argument shows up twice, as unknown and as missing: the first says it all.
  const guessed = new Set(problems.map(({ didYouMean }) => didYouMean));
  return problems.filter(({ argument }) => !guessed.has(argument));
}

function wording(issue: z.core.$ZodIssue, value: unknown): string {
  const shown = preview(value);
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${article(issue.expected)}, not ${shown}`;
    case 'invalid_union':
      return `cannot be ${shown}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map((item) => JSON.stringify(item)).join(', ')}, not ${shown}`;
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array'
        ? 'must not be empty'
        : `must be at least ${issue.minimum}, not ${shown}`;
    case 'too_big':
      return issue.origin === 'string'
        ? `must have at most ${issue.maximum} characters`
        : `must be at most ${issue.maximum}${issue.origin === 'array' ? ' items' : `, not ${shown}`}`;
    default:
      return lowerFirst(issue.message.replace(/\.$/, ''));
  }
}

function article(type: string): string {
  if (type === 'int') return 'a whole number';
  if (type === 'record') return 'an object';
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

function preview(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (isRecord(value) || Array.isArray(value) ? Reflect.get(value, key) : undefined),
    values,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function simplify(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text[0]?.toLowerCase() + text.slice(1) : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
