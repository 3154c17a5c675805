import { z } from 'zod';

/**
 * JSON Schema in the subset every host takes: no `$schema` (hosts refuse dialects they do not know), no safe-integer
 * bounds (noise), no defaults (the code has them). Lengths, counts and patterns of texts and lists are left out as well:
 * a model does not count characters, every schema is paid for in every conversation, and the error that names a broken
 * limit teaches it to the one call in a thousand that needs it. Outputs are open all the
 * way down, because a marketplace may answer more than we know and clients check answers strictly.
 */
export type JsonSchema = Record<string, unknown>;

/** @example inputSchema(z.strictObject({ job_id: z.string() })).additionalProperties // false */
export function inputSchema(schema: z.ZodObject): JsonSchema & { readonly type: 'object' } {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-2020-12',
    unrepresentable: 'throw',
    reused: 'inline',
  });
  return tidy(json, false) as JsonSchema & { type: 'object' };
}

/** The same for what a tool returns. */
export function outputSchema(schema: z.ZodObject): JsonSchema {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-2020-12',
    unrepresentable: 'throw',
    reused: 'inline',
  });
  return tidy(json, true) as JsonSchema;
}

const MAX_SAFE = Number.MAX_SAFE_INTEGER;
const LEFT_OUT = new Set([
  '$schema',
  'default',
  'propertyNames',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
]);

function tidy(node: unknown, open: boolean): unknown {
  if (Array.isArray(node)) return node.map((item) => tidy(item, open));
  if (typeof node !== 'object' || node === null) return node;
  const result: JsonSchema = {};
  for (const [key, value] of Object.entries(node)) {
    if (LEFT_OUT.has(key)) continue;
    if ((key === 'maximum' && value === MAX_SAFE) || (key === 'minimum' && value === -MAX_SAFE)) continue;
    if (key === 'additionalProperties' && (open || value !== false)) continue;
    if (key === 'type' && Array.isArray(value)) {
      // A list of types is one keyword to JSON Schema and unknown to some hosts.
      result.anyOf = value.map((type) => ({ type }));
    } else if (key === 'properties') {
      // Property names are data, not keywords: a property may well be called `default`.
      result[key] = Object.fromEntries(
        Object.entries(value as JsonSchema).map(([name, sub]) => [name, tidy(sub, open)]),
      );
    } else {
      result[key] = tidy(value, open);
    }
  }
  return result;
}
