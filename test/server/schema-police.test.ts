import { encode } from 'gpt-tokenizer';
import { describe, expect, it } from 'vitest';
import { catalogue } from '#server/built-catalogue.ts';
import { absentFrom, listTools } from '#server/catalogue.ts';
import { instructionsFor } from '#server/instructions.ts';
import { profiles, selectTools } from '#server/profiles.ts';
import { names } from '#tools/mentions.ts';
import { tools } from '#tools/registry.ts';

type Json = Record<string, unknown>;
interface Listed {
  name: string;
  title: string;
  description: string;
  inputSchema: Json;
  outputSchema?: Json;
  annotations: Json;
}

const listOf = (profile: string): Listed[] => {
  const active = selectTools({ profile }, catalogue.tools);
  return listTools(active, absentFrom(active, catalogue)) as unknown as Listed[];
};
const all = listOf('full');

/** Every schema node with its place; property names are no keywords. */
function nodes(schema: unknown, path: string): { node: Json; path: string }[] {
  if (Array.isArray(schema)) return schema.flatMap((item, index) => nodes(item, `${path}/${index}`));
  if (typeof schema !== 'object' || schema === null) return [];
  const node = schema as Json;
  const below = Object.entries(node).flatMap(([key, value]) =>
    key === 'properties'
      ? Object.entries(value as Json).flatMap(([name, sub]) => nodes(sub, `${path}/properties/${name}`))
      : key === 'enum' || key === 'required'
        ? []
        : nodes(value, `${path}/${key}`),
  );
  return [{ node, path }, ...below];
}

/** Every property with its schema. */
function properties(schema: Json): { name: string; sub: Json }[] {
  return nodes(schema, '').flatMap(({ node }) =>
    Object.entries((node.properties ?? {}) as Json).map(([name, sub]) => ({ name, sub: sub as Json })),
  );
}

const FORBIDDEN = [
  '$schema',
  '$ref',
  '$defs',
  'definitions',
  'allOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
  'prefixItems',
  'default',
  'patternProperties',
];

describe('schemas every host takes', () => {
  it.each(all)('$name: both roots are objects without combinators', ({ inputSchema, outputSchema }) => {
    for (const schema of [inputSchema, outputSchema ?? { type: 'object' }]) {
      expect(schema.type).toBe('object');
      expect(Object.keys(schema).filter((key) => ['anyOf', ...FORBIDDEN].includes(key))).toEqual([]);
    }
  });

  it.each(all)('$name: uses only keywords of the common subset', ({ inputSchema, outputSchema }) => {
    for (const { node, path } of [...nodes(inputSchema, 'input'), ...nodes(outputSchema, 'output')]) {
      expect(
        Object.keys(node).filter((key) => FORBIDDEN.includes(key)),
        path,
      ).toEqual([]);
      expect(Array.isArray(node.type), `${path}: a union of types`).toBe(false);
      expect(node.type ?? node.anyOf ?? node.enum, `${path}: no type`).toBeDefined();
      if (node.type === 'array') expect(typeof node.items, `${path}: items`).toBe('object');
      for (const variant of (node.anyOf ?? []) as Json[]) expect(variant.type, path).not.toBe('null');
      for (const bound of [node.minimum, node.maximum]) {
        if (bound !== undefined) expect(Math.abs(bound as number), path).toBeLessThan(Number.MAX_SAFE_INTEGER);
      }
    }
  });

  it.each(all)('$name: inputs are closed and described, outputs are open', ({ inputSchema, outputSchema }) => {
    expect(inputSchema.additionalProperties).toBe(false);
    for (const { name, sub } of properties(inputSchema)) {
      expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      expect(sub.description, `${name} has no description`).toBeTypeOf('string');
    }
    for (const { node, path } of nodes(outputSchema, 'output')) expect(node.additionalProperties, path).not.toBe(false);
  });

  it.each(all)('$name: states title and all five hints', ({ title, annotations }) => {
    expect(annotations).toEqual({
      title,
      readOnlyHint: expect.any(Boolean),
      destructiveHint: expect.any(Boolean),
      idempotentHint: expect.any(Boolean),
      openWorldHint: expect.any(Boolean),
    });
  });

  it('has an output schema for every tool but those that answer in prose', () => {
    expect(all.filter(({ outputSchema }) => !outputSchema).map(({ name }) => name)).toEqual(['read_doc']);
  });

  it('requires nothing of a mutating answer but its outcome', () => {
    for (const tool of tools.filter(({ effect }) => effect !== 'read')) {
      expect(all.find(({ name }) => name === tool.name)?.outputSchema?.required, tool.name).toEqual(['outcome']);
    }
  });
});

describe.each(Object.keys(profiles))('profile %s', (profile) => {
  const listed = listOf(profile);
  const absent = tools.map(({ name }) => name).filter((name) => !listed.some((tool) => tool.name === name));

  it('names no tool it does not have', () => {
    for (const { name, description, inputSchema } of listed) {
      const texts = [description, ...properties(inputSchema).map(({ sub }) => String(sub.description))];
      for (const text of texts)
        expect(
          absent.filter((tool) => names(text, tool)),
          `${name}: ${text}`,
        ).toEqual([]);
    }
    const instructions = instructionsFor(selectTools({ profile }, tools), absent);
    expect(absent.filter((tool) => names(instructions, tool))).toEqual([]);
    expect(instructions.length).toBeLessThanOrEqual(2_000);
  });
});

describe('the token budget', () => {
  /** What a host puts in front of a model. */
  const shown = (list: Listed[]) =>
    encode(
      JSON.stringify(
        list.map(({ name, description, inputSchema }) => ({ name, description, input_schema: inputSchema })),
      ),
    ).length;

  it.each([
    ['full', 3_700],
    ['worker', 2_400],
    ['requester', 2_000],
  ])('profile %s costs at most %i tokens', (profile, budget) => {
    const cost = shown(listOf(profile));
    expect(cost).toBeGreaterThan(budget / 3);
    expect(cost).toBeLessThanOrEqual(budget);
  });

  it('keeps the whole of tools/list within 9,000 tokens', () => {
    expect(encode(JSON.stringify({ tools: all })).length).toBeLessThanOrEqual(9_000);
  });

  it('stays within 40 tools, the limit of hosts', () => {
    expect(all.length).toBeLessThanOrEqual(40);
  });
});
