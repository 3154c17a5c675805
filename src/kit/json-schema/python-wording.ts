/**
 * The messages of Python's `jsonschema.ValidationError` (checked against jsonschema 4.26), one function per keyword.
 * Agents read these sentences, and a Python marketplace writes them, so a local check and the remote verdict must use
 * the same words.
 */
import { byCodePoint, pythonRepr } from './python-repr.ts';

/** One broken rule, with the fields of Python's `ValidationError`. */
export interface SchemaViolation {
  /** Keys and array positions from the root of the instance (`absolute_path`). */
  path: (string | number)[];
  /** The keyword that was broken. A `false` schema has none; it reads `false schema`. */
  validator: string;
  /** What the schema says for that keyword. */
  validator_value: unknown;
  /** The part of the document that broke it (for `propertyNames`, the offending name). */
  instance: unknown;
  message: string;
  /** The sub-schema that owns the keyword. */
  schema_excerpt: unknown;
}

/** The keyword's part of the story; `extras` are the surplus properties or items, for the keywords that list them. */
export interface KeywordCase {
  value: unknown;
  instance: unknown;
  schema: Readonly<Record<string, unknown>>;
  params: Readonly<Record<string, unknown>>;
  extras: readonly unknown[];
}

type Wording = (broken: KeywordCase, subject: string) => string;

/** Name used where Python leaves `validator` empty: a schema that is literally `false`. */
export const FALSE_SCHEMA = 'false schema';

const WORDINGS: Readonly<Record<string, Wording>> = {
  [FALSE_SCHEMA]: (_, subject) => `False schema does not allow ${subject}`,
  type: ({ value }, subject) => `${subject} is not of type ${listed(Array.isArray(value) ? value : [value])}`,
  enum: ({ value }, subject) => `${subject} is not one of ${pythonRepr(value)}`,
  const: ({ value }) => `${pythonRepr(value)} was expected`,
  pattern: ({ value }, subject) => `${subject} does not match ${pythonRepr(value)}`,
  format: ({ value }, subject) => `${subject} is not a ${pythonRepr(value)}`,

  minimum: ({ value }, subject) => `${subject} is less than the minimum of ${pythonRepr(value)}`,
  maximum: ({ value }, subject) => `${subject} is greater than the maximum of ${pythonRepr(value)}`,
  exclusiveMinimum: ({ value }, subject) => `${subject} is less than or equal to the minimum of ${pythonRepr(value)}`,
  exclusiveMaximum: ({ value }, subject) =>
    `${subject} is greater than or equal to the maximum of ${pythonRepr(value)}`,
  multipleOf: ({ value }, subject) => `${subject} is not a multiple of ${pythonRepr(value)}`,

  minLength: tooFew('is too short'),
  minItems: tooFew('is too short'),
  minProperties: tooFew('does not have enough properties'),
  maxLength: tooMany('is too long'),
  maxItems: tooMany('is too long'),
  maxProperties: tooMany('has too many properties'),
  uniqueItems: (_, subject) => `${subject} has non-unique elements`,

  required: ({ params }) => `${pythonRepr(params.missingProperty)} is a required property`,
  dependentRequired: dependency,
  dependencies: dependency,
  additionalProperties({ extras, schema }) {
    const names = extras.map(String).sort(byCodePoint);
    if (schema.patternProperties === undefined) return notAllowed('Additional properties', names);
    const patterns = Object.keys(schema.patternProperties as object).sort(byCodePoint);
    const verb = names.length === 1 ? 'does' : 'do';
    return `${listed(names)} ${verb} not match any of the regexes: ${listed(patterns)}`;
  },
  additionalItems: ({ extras }) => notAllowed('Additional items', extras),
  unevaluatedItems: ({ extras }) => notAllowed('Unevaluated items', extras),
  unevaluatedProperties({ extras, value }) {
    if (value === false) return notAllowed('Unevaluated properties', extras.map(String).sort(byCodePoint));
    const unevaluated = `${listed(extras)} ${wasOrWere(extras)} unevaluated and invalid`;
    return `Unevaluated properties are not valid under the given schema (${unevaluated})`;
  },
  items({ extras, schema }) {
    const allowed = Array.isArray(schema.prefixItems) ? schema.prefixItems.length : 0;
    const rest = extras.length === 1 ? extras[0] : extras;
    const noun = allowed === 1 ? 'item' : 'items';
    return `Expected at most ${allowed} ${noun} but found ${extras.length} extra: ${pythonRepr(rest)}`;
  },

  contains: (_, subject) => `${subject} does not contain items matching the given schema`,
  minContains: ({ value, params }) =>
    `Too few items match the given schema (expected at least ${pythonRepr(value)} but only ${params.matches} matched)`,
  maxContains: ({ value }) => `Too many items match the given schema (expected at most ${pythonRepr(value)})`,

  anyOf: underNone,
  oneOf({ value, params, ...rest }, subject) {
    const passing = params.passing as readonly number[] | undefined;
    if (!passing?.length) return underNone({ value, params, ...rest }, subject);
    // Python names the first matching schema last.
    const [first, ...others] = passing.map((index) => (value as unknown[])[index]);
    return `${subject} is valid under each of ${listed([...others, first])}`;
  },
  not: ({ value }, subject) => `${subject} should not be valid under ${pythonRepr(value)}`,
};

/**
 * The sentence Python writes for a broken keyword. A keyword Python does not know (none is expected) gets a plain one.
 * @example messageFor('minimum', { value: 1, instance: 0, schema, params: {}, extras: [] }) // '0 is less than the minimum of 1'
 */
export function messageFor(keyword: string, broken: KeywordCase): string {
  const subject = pythonRepr(broken.instance);
  const wording = Object.hasOwn(WORDINGS, keyword) ? WORDINGS[keyword] : undefined;
  return wording ? wording(broken, subject) : `${subject} does not satisfy ${pythonRepr(keyword)}`;
}

/** Until draft-07 Python words an unmet `contains` differently. */
export function legacyContainsMessage(instance: unknown): string {
  return `None of ${pythonRepr(instance)} are valid under the given schema`;
}

function tooFew(otherwise: string): Wording {
  return ({ value }, subject) => `${subject} ${value === 1 ? 'should be non-empty' : otherwise}`;
}

function tooMany(otherwise: string): Wording {
  return ({ value }, subject) => `${subject} ${value === 0 ? 'is expected to be empty' : otherwise}`;
}

function dependency({ params }: KeywordCase): string {
  return `${pythonRepr(params.missingProperty)} is a dependency of ${pythonRepr(params.property)}`;
}

function underNone(_: KeywordCase, subject: string): string {
  return `${subject} is not valid under any of the given schemas`;
}

function notAllowed(what: string, extras: readonly unknown[]): string {
  return `${what} are not allowed (${listed(extras)} ${wasOrWere(extras)} unexpected)`;
}

function wasOrWere(extras: readonly unknown[]): string {
  return extras.length === 1 ? 'was' : 'were';
}

function listed(values: readonly unknown[]): string {
  return values.map(pythonRepr).join(', ');
}
