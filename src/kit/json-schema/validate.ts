/**
 * JSON Schema validation in this thread. The schema's author decides how long it takes (a pattern may backtrack for
 * years), so anything from a stranger goes through `createKillableValidator` instead.
 */
import { Ajv, type AnySchema, type Options } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { KeywordFailure } from './keyword-facts.ts';
import { lenientRegExp } from './lenient-regexp.ts';
import { firstViolation } from './python-order.ts';
import type { SchemaViolation } from './python-wording.ts';
import { indexSchema } from './schema-index.ts';

/** The schema itself cannot be used: malformed, an unknown type, a reference that leads outside it. */
export class InvalidSchemaError extends Error {
  override readonly name = 'InvalidSchemaError';
}

interface Dialect {
  Engine: typeof Ajv | typeof Ajv2019 | typeof Ajv2020;
  metaSchema: string;
  refReplacesSiblings: boolean;
  itemsFalsePerItem: boolean;
}

const DRAFT_07: Dialect = {
  Engine: Ajv,
  metaSchema: 'http://json-schema.org/draft-07/schema',
  refReplacesSiblings: true,
  itemsFalsePerItem: true,
};
const DRAFT_2019: Dialect = {
  Engine: Ajv2019,
  metaSchema: 'https://json-schema.org/draft/2019-09/schema',
  refReplacesSiblings: false,
  itemsFalsePerItem: true,
};
const DRAFT_2020: Dialect = {
  Engine: Ajv2020,
  metaSchema: 'https://json-schema.org/draft/2020-12/schema',
  refReplacesSiblings: false,
  itemsFalsePerItem: false,
};

const ROOT_KEY = 'document:root';
const metaValidators = new Map<Dialect, Ajv>();

/**
 * The first thing wrong with `instance`, or null if it satisfies `schema`. Nothing is fetched: a reference outside the
 * document is an invalid schema. `format` is checked; unknown formats and keywords are ignored.
 * @throws InvalidSchemaError
 * @example validateJson({ required: ['issues'] }, {})?.message // "'issues' is a required property"
 */
export function validateJson(schema: unknown, instance: unknown): SchemaViolation | null {
  const dialect = dialectOf(schema);
  assertSchema(schema, dialect);
  // One engine per call: ajv remembers every `$id` it has seen, and the next stranger may reuse it.
  const engine = newEngine(dialect);
  // Keeping track of what was evaluated is where ajv goes wrong (a TypeError from patternProperties beside anyOf), and
  // only these two keywords ask for it.
  if (!/"unevaluated(Items|Properties)"/.test(JSON.stringify(schema))) engine.opts.unevaluated = false;
  const validate = compile(engine, schema);
  if (guarded(() => validate(instance))) return null;
  const index = indexSchema(schema);
  const failures = (validate.errors ?? []) as KeywordFailure[];
  return guarded(() =>
    firstViolation(schema, instance, failures, {
      index,
      refReplacesSiblings: dialect.refReplacesSiblings,
      itemsFalsePerItem: dialect.itemsFalsePerItem,
      regExp: lenientRegExp,
      isValid(branch, value) {
        if (branch === null || typeof branch !== 'object') return branch !== false;
        const pointer = index.pointerOf(branch)?.split('/').map(encodeURIComponent).join('/');
        return engine.getSchema(`${ROOT_KEY}#${pointer}`)?.(value) === true;
      },
    }),
  );
}

/** An absent or unknown `$schema` means the newest dialect, as it does in Python. */
function dialectOf(schema: unknown): Dialect {
  const named = (schema as { $schema?: unknown } | null | undefined)?.$schema;
  if (typeof named !== 'string') return DRAFT_2020;
  if (/json-schema\.org\/draft-0[467]\//.test(named)) return DRAFT_07;
  return named.includes('/draft/2019-09/') ? DRAFT_2019 : DRAFT_2020;
}

function newEngine(dialect: Dialect, extra: Options = {}): Ajv {
  const engine = new dialect.Engine({
    strict: false,
    allErrors: true,
    verbose: true,
    messages: false,
    // A logger would write to stdout, which belongs to whatever protocol the process speaks.
    logger: false,
    // `required: ['toString']` must not be met by Object.prototype.
    ownProperties: true,
    validateSchema: false,
    ignoreKeywordsWithRef: dialect.refReplacesSiblings,
    code: { regExp: Object.assign(lenientRegExp, { code: 'lenientRegExp' }) },
    ...extra,
  });
  formats.default(engine, { mode: 'full', keywords: false });
  engine.addFormat('regex', { validate: isRegExp });
  // ajv refuses documents with a plain `id` as a likely mistake; since draft-06 it is only an unknown keyword.
  engine.removeKeyword('id');
  return engine;
}

function assertSchema(schema: unknown, dialect: Dialect): asserts schema is AnySchema {
  if (typeof schema === 'boolean') return;
  if (schema === null || typeof schema !== 'object' || Array.isArray(schema)) {
    throw new InvalidSchemaError('A schema must be an object or a boolean');
  }
  let engine = metaValidators.get(dialect);
  if (!engine) {
    engine = newEngine(dialect, { allErrors: false, verbose: false, messages: true });
    metaValidators.set(dialect, engine);
  }
  const meta = engine.getSchema(dialect.metaSchema);
  if (meta && !guarded(() => meta(schema))) {
    throw new InvalidSchemaError(engine.errorsText(meta.errors, { dataVar: 'schema' }));
  }
  // ajv would answer such a schema with a promise, which is truthy whatever it resolves to.
  if ((schema as { $async?: unknown }).$async !== undefined) throw new InvalidSchemaError('$async is not JSON Schema');
}

function compile(engine: Ajv, schema: AnySchema): ReturnType<Ajv['compile']> {
  try {
    engine.addSchema(schema, ROOT_KEY);
    const validate = engine.getSchema(ROOT_KEY);
    if (!validate) throw new Error('the schema did not compile');
    return validate;
  } catch (error) {
    throw new InvalidSchemaError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Some schemas compile and cannot be run: endless references, and a few `unevaluated*` mixes ajv compiles wrongly. */
function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    const why =
      error instanceof RangeError
        ? 'it refers to itself without end'
        : error instanceof Error
          ? error.message
          : 'unknown';
    throw new InvalidSchemaError(`The schema cannot be evaluated: ${why}`, { cause: error });
  }
}

function isRegExp(pattern: string): boolean {
  try {
    lenientRegExp(pattern);
    return true;
  } catch {
    return false;
  }
}
