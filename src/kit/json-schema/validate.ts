/**
 * JSON Schema validation in this thread. The schema's author decides how long it takes (a pattern may backtrack for
 * years), so anything from a stranger goes through `createKillableValidator` instead.
 *
 * Schemas are interpreted and not compiled: each is used once or a few times, and no code is made of what strangers write.
 */
import { checkReferences } from './check-references.ts';
import { type Draft, draftOf } from './dialects.ts';
import { lenientRegExp } from './lenient-regexp.ts';
import type { SchemaViolation } from './python-wording.ts';
import { indexSchemas, type SchemaIndex } from './schema-index.ts';
import { apply, type Found, type Rules } from './visit.ts';

/** The schema itself cannot be used: malformed, an unknown type, a reference that leads outside it. */
export class InvalidSchemaError extends Error {
  override readonly name = 'InvalidSchemaError';
}

/**
 * Which of several broken rules is reported: the one nearest the root of the document, and among equals the one that comes
 * first in the schema as written. Null if there is none. Nothing is fetched: a reference outside the document is an invalid
 * schema. `format` is checked; unknown formats and keywords are ignored.
 * @throws InvalidSchemaError
 * @example validateJson({ required: ['issues'] }, {})?.message // "'issues' is a required property"
 */
export function validateJson(schema: unknown, instance: unknown): SchemaViolation | null {
  const draft = draftOf(schema);
  assertSchema(schema, draft);
  const tracking = JSON.stringify(schema).includes('"unevaluated');
  const rules = rulesOf(draft, indexSchemas([schema], draft, metaRulesOf(draft).index), tracking);
  return guarded(() => {
    checkReferences(schema, rules);
    return shallowest(schema, instance, rules);
  });
}

function rulesOf(dialect: Draft, index: SchemaIndex, tracking: boolean): Rules {
  const patterns = new Map<string, RegExp>();
  return {
    dialect,
    index,
    tracking,
    regExp(pattern) {
      const known = patterns.get(pattern) ?? lenientRegExp(pattern);
      patterns.set(pattern, known);
      return known;
    },
  };
}

const metaRules = new Map<Draft, Rules>();

/** How schemas of a draft are judged; made once, since they are all judged by the same. */
function metaRulesOf(draft: Draft): Rules {
  const rules = metaRules.get(draft) ?? rulesOf(draft, indexSchemas(draft.meta, draft), false);
  metaRules.set(draft, rules);
  return rules;
}

function assertSchema(schema: unknown, draft: Draft): void {
  if (typeof schema === 'boolean') return;
  if (schema === null || typeof schema !== 'object' || Array.isArray(schema)) {
    throw new InvalidSchemaError('A schema must be an object or a boolean');
  }
  const wrong = guarded(() => shallowest(draft.meta[0], schema, metaRulesOf(draft)));
  if (wrong) throw new InvalidSchemaError(`${['schema', ...wrong.path].join('/')}: ${wrong.message}`);
  // It asks for an answer that is given later, which JSON Schema knows nothing of.
  if ('$async' in schema && schema.$async !== undefined) throw new InvalidSchemaError('$async is not JSON Schema');
}

function shallowest(schema: unknown, instance: unknown, rules: Rules): SchemaViolation | null {
  let best: Found | undefined;
  apply(schema, { instance, depth: 0 }, rules, undefined, (found) => {
    if (!best || found.depth < best.depth) best = found;
  });
  return best?.build() ?? null;
}

/** Some schemas look sound and lead nowhere: endless references, patterns that are none. */
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
