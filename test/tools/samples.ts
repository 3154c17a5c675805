import { z } from 'zod';
import type { Operation } from '#contract/define-operation.ts';
import { openapi } from '#contract/operations/discovery.ts';
import { operations } from '#contract/operations/registry.ts';
import type { Answers } from './fake-session.ts';

type Json = Record<string, unknown>;

/** Gives the text of a string field, by the path it stands at. */
export type TextAt = (path: readonly string[], operation: Operation) => string;

/** An answer of every operation with all its fields, made from the contract, so that a new field is in it by itself. */
export function sampleAnswers(textAt: TextAt): Answers {
  const answers = Object.fromEntries(
    operations.map((operation) => {
      const schema = z.toJSONSchema(operation.response, { io: 'output', unrepresentable: 'any' }) as Json;
      return [operation.id, (): unknown => sample(schema, [], (path) => textAt(path, operation))];
    }),
  );
  return { ...answers, taxonomy: () => withKnownNames(answers.taxonomy?.()), openapi: () => openapiSample(textAt) };
}

/** The tools' examples ask for things by name: beside the sampled tag there is one that has it. */
function withKnownNames(sampled: unknown) {
  const { clusters } = sampled as { clusters: { slug: string; tags: Json[] }[] };
  const [group] = clusters;
  const known = { slug: 'code-review', usage_count: 1, admin_verified_at: null };
  return { clusters: [{ ...group, slug: 'code', tags: [...(group?.tags ?? []), known] }] };
}

function openapiSample(textAt: TextAt) {
  const summary = textAt(['paths', 'summary'], openapi);
  const ref = { $ref: '#/components/schemas/Bid' };
  return {
    paths: { '/api/v1/agents/bid': { post: { summary, requestBody: ref } } },
    components: { schemas: { Bid: { type: 'object', description: summary } } },
  };
}

function sample(schema: Json, path: readonly string[], text: (path: readonly string[]) => string): unknown {
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if ('const' in schema) return schema.const;
  const variants = (schema.anyOf ?? schema.oneOf) as Json[] | undefined;
  if (variants) return sample(variants.find(({ type }) => type !== 'null') ?? {}, path, text);
  switch ([schema.type].flat().find((type) => type !== 'null')) {
    case 'object': {
      const properties = Object.entries((schema.properties ?? {}) as Record<string, Json>);
      if (properties.length === 0) return { any: text([...path, 'any']) };
      return Object.fromEntries(properties.map(([key, sub]) => [key, sample(sub, [...path, key], text)]));
    }
    case 'array':
      return [sample((schema.items ?? {}) as Json, [...path, '[]'], text)];
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    default:
      return text(path);
  }
}
