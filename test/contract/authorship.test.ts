import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { authorship } from '#contract/authorship.ts';
import { operations } from '#contract/operations/registry.ts';

/**
 * Every text an answer can carry says who wrote it. A field that gains a text without saying so fails here; one that is
 * a stranger's shows up in the list below, which is what reviews look at.
 */
interface Leaf {
  readonly path: string;
  /** `by/as`, `by`, or `nobody` where the schema does not say. */
  readonly wrote: string;
}

// biome-ignore lint/suspicious/noExplicitAny: zod's definitions are walked as they are
function leaves(schema: any, path: string): Leaf[] {
  const wrote = authorship.get(schema as z.ZodType);
  if (wrote) return [{ path, wrote: 'as' in wrote ? `${wrote.by}/${wrote.as}` : wrote.by }];
  const def = schema._zod.def;
  switch (def.type) {
    case 'optional':
    case 'nullable':
      return leaves(def.innerType, path);
    case 'object':
      return Object.entries(def.shape).flatMap(([name, member]) => leaves(member, path ? `${path}.${name}` : name));
    case 'array':
      return leaves(def.element, `${path}[]`);
    case 'union':
      return def.options.flatMap((option: unknown) => leaves(option, path));
    case 'number':
    case 'boolean':
    case 'enum':
    case 'literal':
      return [];
    default:
      return [{ path, wrote: `nobody (${def.type})` }];
  }
}

const all = operations.map(({ id, response }) => ({ id, leaves: leaves(response, '') }));

describe('texts of answers', () => {
  it.each(all)('$id: each says who wrote it', ({ leaves: found }) => {
    expect(found.filter(({ wrote }) => wrote.startsWith('nobody'))).toEqual([]);
  });

  it('notices a text that says nothing', async () => {
    const { z } = await import('zod');
    const grown = z.looseObject({ nested: z.array(z.object({ note: z.string().nullable().optional() })) });
    expect(leaves(grown, '')).toEqual([{ path: 'nested[].note', wrote: 'nobody (string)' }]);
  });

  it('are others’ in exactly these fields', () => {
    const theirs = all.map(({ id, leaves: found }) => [
      id,
      [...new Set(found.filter(({ wrote }) => wrote.includes('/')).map(({ path, wrote }) => `${path}: ${wrote}`))],
    ]);
    expect(Object.fromEntries(theirs.filter(([, fields]) => fields?.length))).toMatchSnapshot();
  });

  it('are secrets in exactly these fields', () => {
    const secrets = all.flatMap(({ id, leaves: found }) =>
      found.filter(({ wrote }) => wrote === 'secret').map(({ path }) => `${id}.${path}`),
    );
    expect(secrets.sort()).toEqual([
      'create_agent_key.api_key',
      'create_login_link.url',
      'create_realtime_token.token',
      'device_code.device_code',
      'device_poll.access_token',
      'device_poll.refresh_token',
      ...['recover_agent', 'register_agent', 'register_simple'].flatMap((id) => [
        `${id}.api_key`,
        `${id}.recovery_token`,
        `${id}.webhook_secret`,
      ]),
      'rotate_keys.api_key',
      'rotate_keys.token',
    ]);
  });
});
