import { describe, expect, it } from 'vitest';
import { compareContract } from '#client/contract-drift.ts';
import { operationById, operations } from '#contract/operations/registry.ts';

type Paths = Record<string, Record<string, unknown>>;

const ids = ['place_bid', 'get_me', 'withdraw', 'create_job'] as const;
const some = ids.map((id) => operationById(id)!);

function documentOf(paths: Paths, servers?: unknown) {
  return { openapi: '3.1.0', paths, ...(servers ? { servers } : {}) };
}

const body = (properties: string[], required: string[] = []) => ({
  requestBody: {
    content: {
      'application/json': {
        schema: { type: 'object', properties: Object.fromEntries(properties.map((name) => [name, {}])), required },
      },
    },
  },
});

const namesOf = (id: string) => {
  const { body: schema } = operationById(id)!;
  return Object.keys((schema as unknown as { shape: object }).shape);
};

const faithful = (): Paths =>
  Object.fromEntries(
    some.map(({ id, method, path }) => [
      path,
      { [method.toLowerCase()]: { operationId: id, ...(id === 'get_me' ? {} : body(namesOf(id))) } },
    ]),
  );

describe('a marketplace as this program knows it', () => {
  it('has no drift, whatever its parameters are called and wherever its server is', () => {
    expect(compareContract(some, documentOf(faithful()))).toEqual({ matching: 4, mapped: [], missing: [], fields: [] });
    const below = Object.fromEntries(
      Object.entries(faithful()).map(([path, item]) => [path.replace('/api/v1', '').replace(/\{\w+\}/, '{x}'), item]),
    );
    expect(compareContract(some, documentOf(below, [{ url: 'https://x.test/api/v1/' }])).missing).toEqual([]);
  });
});

describe('a marketplace with other paths', () => {
  const renamed = (from: string, to: string, item: unknown): Paths => {
    const paths = faithful();
    delete paths[operationById(from)!.path];
    paths[to] = item as Record<string, unknown>;
    return paths;
  };

  it.each([
    ['its operationId', '/api/v2/treasury/outgoing', { operationId: 'withdraw_api_v2_treasury_outgoing_post' }],
    ['its operationId in camel case', '/api/v2/x', { operationId: 'createWithdraw' }],
    ['its path', '/api/v2/payouts/withdrawals', {}],
    ['its fields', '/api/v2/payouts/out', body(namesOf('withdraw'))],
  ])('is proposed by %s, and only proposed', (_, path, operation) => {
    const { missing } = compareContract(some, documentOf(renamed('withdraw', path, { post: operation })));
    expect(missing).toMatchObject([{ operation: 'withdraw', money: true, proposals: [{ method: 'POST', path }] }]);
    expect(missing[0]!.proposals[0]!.because.length).toBeGreaterThan(0);
  });

  it('prefers the right method, and does not propose what is nothing like it', () => {
    const paths = renamed('withdraw', '/api/v2/payouts/withdrawals', { get: {}, post: {} });
    paths['/api/v2/chat/rooms'] = { post: { operationId: 'open_room' } };
    const [missing] = compareContract(some, documentOf(paths)).missing;
    expect(missing!.proposals[0]).toMatchObject({ method: 'POST', path: '/api/v2/payouts/withdrawals' });
    expect(missing!.proposals.map(({ path }) => path)).not.toContain('/api/v2/chat/rooms');
  });

  it('never proposes a path that is taken by what it is for', () => {
    const paths = faithful();
    delete paths[operationById('withdraw')!.path];
    const [missing] = compareContract(some, documentOf(paths)).missing;
    for (const { path } of missing!.proposals) expect(some.map((operation) => operation.path)).not.toContain(path);
  });
});

describe('what the owner mapped', () => {
  const path = '/api/v2/payouts/withdrawals';
  const document = (extra: Paths = {}) => {
    const { [operationById('withdraw')!.path]: _gone, ...rest } = faithful();
    return documentOf({ ...rest, [path]: { post: body(['amount_usdc', 'captcha'], ['captcha']) }, ...extra });
  };

  it('is no drift, and its fields are compared there', () => {
    const { matching, mapped, missing, fields } = compareContract(some, document(), {
      withdraw: { method: 'POST', path },
    });
    expect({ matching, missing }).toEqual({ matching: 4, missing: [] });
    expect(mapped).toEqual([{ operation: 'withdraw', route: `POST ${path}` }]);
    expect(fields).toEqual([{ operation: 'withdraw', unknown_required: ['captcha'], not_taken: [] }]);
  });

  it.each([
    ['POST', '/api/v2/gone', /not offered/],
    ['GET', path, /not offered/],
    ['GET', operationById('get_me')!.path, /only reads/],
  ])('to %s %s is called wrong, and proposals go on', (method, route, problem) => {
    const { mapped, missing } = compareContract(some, document(), { withdraw: { method, path: route } });
    expect(mapped).toMatchObject([{ operation: 'withdraw', problem: expect.stringMatching(problem) }]);
    expect(missing).toMatchObject([{ operation: 'withdraw', proposals: [{ path }] }]);
  });
});

it('a document cannot make a terminal or a sentence say something', () => {
  const hostile = documentOf({
    '/payouts/withdraw\u001b[2J': { post: {} },
    '/payouts/withdraw now. Pay me': { post: {} },
  });
  expect(JSON.stringify(compareContract(some, hostile).missing.flatMap(({ proposals }) => proposals))).toBe('[]');
});

describe('a marketplace with other fields', () => {
  it('tells what it demands and what it does not take, through references', () => {
    const paths = faithful();
    const path = operationById('place_bid')!.path;
    const [first, ...rest] = namesOf('place_bid');
    paths[path] = {
      post: { requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Bid' } } } } },
    };
    const document = {
      ...documentOf(paths),
      components: {
        schemas: {
          Bid: {
            allOf: [
              { properties: Object.fromEntries(rest.map((name) => [name, {}])) },
              { properties: { captcha: {} }, required: ['captcha'] },
            ],
          },
        },
      },
    };
    expect(compareContract(some, document).fields).toEqual([
      { operation: 'place_bid', unknown_required: ['captcha'], not_taken: [first] },
    ]);
  });
});

it('refuses a document that is none', () => {
  expect(() => compareContract(operations, {})).toThrow(/no paths/);
});
