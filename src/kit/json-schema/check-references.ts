import { isObject, type JsonObject, members } from './json-value.ts';
import { appliedBy } from './sub-schemas.ts';
import type { Rules } from './visit.ts';

const REFERENCES = ['$ref', '$dynamicRef', '$recursiveRef'] as const;

/**
 * Looks at all that a schema can lead to, before anything is judged by it: whether its references lead somewhere and its
 * patterns are ones.
 * @throws Error that says which is not
 */
export function checkReferences(root: unknown, rules: Rules): void {
  const seen = new Set<unknown>();
  const look = (schema: unknown): void => {
    if (!isObject(schema) || seen.has(schema)) return;
    seen.add(schema);
    for (const target of targets(schema, rules)) look(target);
    if (rules.dialect.refReplacesSiblings && typeof schema.$ref === 'string') return;
    if (typeof schema.pattern === 'string') rules.regExp(schema.pattern);
    for (const [pattern] of members(schema.patternProperties)) rules.regExp(pattern);
    for (const sub of appliedBy(schema)) look(sub);
  };
  look(root);
}

function targets(schema: JsonObject, { dialect, index }: Rules): unknown[] {
  return REFERENCES.flatMap((keyword) => {
    const ref = schema[keyword];
    if (typeof ref !== 'string' || !Object.hasOwn(dialect.keywords, keyword)) return [];
    const target = index.resolve(schema, ref);
    if (target === undefined) throw new Error(`${keyword} ${JSON.stringify(ref)} leads to nothing inside the schema`);
    return [target];
  });
}
