/**
 * The smallest value a JSON Schema accepts.
 *
 * Every node has a short list of candidates, best first: `const`, `enum`, `default`, `examples`, a parameter of the
 * same name, then one by type. The first of each makes the first draft; the validator names the place where a draft is
 * wrong, and there the next candidate is taken. So the common schema costs one draft, and no rule of JSON Schema has to
 * be known here to be obeyed: the validator has the last word. It looks at shape alone and is of no use against a
 * content check.
 */
import { validateJson } from '#kit/json-schema/validate.ts';
import { withTimeLimit } from '#kit/time-limit.ts';
import { candidatesFor, type Schema } from './skeleton-candidates.ts';

/** No value was found: nothing can satisfy the schema, or it is beyond what is tried. `message` says where it failed. */
export class SkeletonError extends Error {
  override readonly name = 'SkeletonError';
}

const MAX_DRAFTS = 200;
const TIME_LIMIT_MS = 2_000;
const MAX_DEPTH = 24;

/**
 * A minimal value that satisfies `schema`, checked by the validator before it is returned.
 * @param description of the job; only the wordings of the generic probes are read from it
 * @param parameters of the job: a field with the name and type of a parameter takes its value
 * @throws SkeletonError
 * @example schemaSkeleton({ type: 'object', required: ['ok'], properties: { ok: { const: true } } }) // { ok: true }
 */
export function schemaSkeleton(
  schema: unknown,
  description = '',
  parameters: Readonly<Record<string, unknown>> = {},
): unknown {
  // What the validator compiles once for everybody must not be what the limit interrupts: it would stay half compiled.
  const { $schema } = (schema ?? {}) as { $schema?: unknown };
  validateJson(typeof $schema === 'string' ? { $schema } : {}, null);
  return withTimeLimit(TIME_LIMIT_MS, () => search(schema as Schema, description, parameters));
}

function search(schema: Schema, description: string, parameters: Readonly<Record<string, unknown>>): unknown {
  const choices = new Map<string, number>();
  const counts = new Map<string, number>();
  const draft = (): unknown => {
    counts.clear();
    return build(schema, []);
  };

  function build(node: Schema, path: readonly (string | number)[]): unknown {
    const name = path.length === 0 ? undefined : path.at(-1);
    const candidates =
      path.length > MAX_DEPTH ? [] : candidatesFor(node, { root: schema, name, parameters, isRoot: path.length === 0 });
    const place = pointer(path);
    counts.set(place, candidates.length);
    const candidate = candidates[Math.min(choices.get(place) ?? 0, candidates.length - 1)];
    if (!candidate) return null;
    if (candidate.kind === 'value') return structuredClone(candidate.value);
    if (candidate.kind === 'array') return candidate.items.map((item, index) => build(item, [...path, index]));
    return Object.fromEntries(candidate.members.map(([key, member]) => [key, build(member, [...path, key])]));
  }

  /** Takes the next candidate at the place of the problem or, when those are used up, at the nearest place above. */
  function advance(path: readonly (string | number)[]): boolean {
    for (let length = path.length; length >= 0; length -= 1) {
      const place = pointer(path.slice(0, length));
      const next = (choices.get(place) ?? 0) + 1;
      if (next < (counts.get(place) ?? 0)) {
        for (const key of choices.keys()) if (key.startsWith(`${place}/`)) choices.delete(key);
        choices.set(place, next);
        return true;
      }
    }
    return false;
  }

  // The probes every cluster shares ask for more than their schema can say when it is loose.
  const wanted = /\bprocessed\b/.test(description) ? { ...parameters, processed: true } : undefined;
  if (wanted && validateJson(schema, wanted) === null) return wanted;

  let problem = '';
  for (let tries = 0; tries < MAX_DRAFTS; tries += 1) {
    const value = draft();
    const violation = validateJson(schema, value);
    if (violation === null) return value;
    problem = violation.message;
    if (advance(violation.path) || advance(deepest(counts, choices))) continue;
    break;
  }
  throw new SkeletonError(`No value was found that satisfies the schema: ${problem}`);
}

/** Any place with candidates left: a rule across several fields names only their parent. */
function deepest(counts: ReadonlyMap<string, number>, choices: ReadonlyMap<string, number>): (string | number)[] {
  const open = [...counts].filter(([place, count]) => (choices.get(place) ?? 0) + 1 < count);
  const place = open.at(-1)?.[0] ?? '';
  return place === '' ? [] : place.slice(1).split('/').map(unescapePart);
}

function pointer(path: readonly (string | number)[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function unescapePart(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
