import { describe, expect, it } from 'vitest';
import { standaloneSchema, UnboundSchemaError } from '#client/body-schema.ts';
import { createOfferedOperations } from '#client/offered-operations.ts';
import { misfit, moveTarget, parseRoute, routesOf, withRoute } from '#client/operations-map.ts';
import { withdraw } from '#contract/operations/payouts.ts';
import { createJob, getPostedJob } from '#contract/operations/requester.ts';
import { validateJson } from '#kit/json-schema/validate.ts';
import { liveOrigin, ownedSession } from '../support/live-origin.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const ORIGIN = 'https://api.example';

describe('a route', () => {
  it.each([
    ['POST /api/v2/out', { method: 'POST', path: '/api/v2/out' }],
    [' post /x/{id} ', { method: 'POST', path: '/x/{id}' }],
    ['HEAD /x', undefined],
    ['POST x', undefined],
    ['POST https://elsewhere.example/x', undefined],
    ['POST /x/../y', undefined],
    ['POST /x?to=me', undefined],
    ['POST /x\n/y', undefined],
  ])('%j is read as %j', (text, route) => {
    expect(parseRoute(text)).toEqual(route);
  });

  it('takes an operation of its kind with as many parameters, and no other', () => {
    expect(misfit(withdraw, { method: 'PUT', path: '/out' })).toBeUndefined();
    expect(misfit(withdraw, { method: 'GET', path: '/out' })).toContain('only reads');
    expect(misfit(getPostedJob, { method: 'POST', path: '/jobs/{id}' })).toContain('only reads');
    expect(misfit(getPostedJob, { method: 'GET', path: '/jobs' })).toContain('parameters');
  });

  it.each([
    ['/jobs/{job_id}/award', '/jobs/j%2F1/award', '/v2/award/{id}', '/v2/award/j%2F1'],
    ['/a/{x}/b/{y}', '/a/1/b/2', '/c/{y}/{x}', '/c/2/1'],
    ['/a/{x}/b/{y}', '/a/1/b/2', '/c/{p}/{q}', '/c/1/2'],
    ['/jobs', '/jobs?limit=5&cursor=a%3Fb', '/v2/jobs', '/v2/jobs?limit=5&cursor=a%3Fb'],
  ])('moves %s called as %s to %s: %s', (template, target, path, moved) => {
    expect(moveTarget(template, target, path)).toBe(moved);
  });
});

describe('the map in the file', () => {
  it('is kept per marketplace', () => {
    const route = { method: 'POST', path: '/out' };
    const map = withRoute({ 'https://other.example': { withdraw: 'POST /o' } }, ORIGIN, 'withdraw', route);
    expect(routesOf(map, ORIGIN)).toEqual({ withdraw: route });
    expect(routesOf(map, 'https://third.example')).toEqual({});
    expect(withRoute(map, ORIGIN, 'withdraw', undefined)).toEqual({ 'https://other.example': { withdraw: 'POST /o' } });
  });

  it.each([
    [[]],
    ['x'],
    [{ [ORIGIN]: 'POST /x' }],
    [{ [ORIGIN]: { withdraw: 'somewhere' } }],
  ])('%j is refused, and not passed over', (map) => {
    expect(() => routesOf(map, ORIGIN)).toThrow(/operations/);
  });
});

it('an entry counts only where the marketplace offers its route', async () => {
  const offered = createOfferedOperations(async () => ({ paths: { '/out': { post: {} }, '/in': { get: {} } } }));
  const require = (path: string, method = 'POST') => offered.require(withdraw, ORIGIN, { method, path });
  expect(await require('/out')).toMatchObject({ keyed: false, route: { path: '/out' } });
  await expect(require('/elsewhere')).rejects.toMatchObject({ code: 'operation_not_offered' });
  await expect(require('/in', 'GET')).rejects.toMatchObject({ code: 'operation_not_offered' });
});

it('what was under way goes on to where it was sent, whatever the map says by then', async () => {
  const origin = await liveOrigin();
  const schema = { type: 'object', properties: { budget_usdc: { type: 'number' } } };
  const post = {
    parameters: [{ in: 'header', name: 'Idempotency-Key' }],
    requestBody: { content: { 'application/json': { schema } } },
  };
  origin.on('GET /api/v1/openapi.json', { json: { openapi: '3.1.0', paths: { '/old': { post }, '/new': { post } } } });
  origin.on('POST /old', 'reset');
  origin.on('POST /new', { json: { id: 'j2' } });
  const stateDir = temporaryDirectory();
  let path = '/old';
  const session = () =>
    ownedSession(
      origin,
      stateDir,
      { SOTA_CONFIRM: 'never' },
      { routes: () => ({ create_job: { method: 'POST', path } }) },
    );
  const wish = { slot: 'create', request: { body: { description: 'd', budget_usdc: 5, tags: ['x'] } } };
  await expect(session().client.run(createJob, wish)).rejects.toMatchObject({ outcome: 'unknown' });
  const before = origin.to('/old').length;
  path = '/new';
  origin.on('POST /old', { json: { id: 'j1' } });
  expect(await session().client.run(createJob, wish)).toMatchObject({ data: { id: 'j1' } });
  expect(origin.to('/new')).toEqual([]);
  const sent = origin.to('/old');
  expect(sent.length).toBeGreaterThan(before);
  expect(new Set(sent.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
});

describe('a body schema cut out of a document', () => {
  const standing = (schema: unknown, schemas: unknown = {}, openapi = '3.1.0') =>
    standaloneSchema({ openapi, components: { schemas } }, schema);
  const problem = (schema: unknown, value: unknown) => validateJson(schema, value)?.validator;

  it('takes along what it refers to, also in a circle, and leaves data alone', () => {
    const schema = standing(
      { $ref: '#/components/schemas/Node' },
      {
        Node: {
          properties: {
            default: { $ref: '#/components/schemas/Word' },
            next: { $ref: '#/components/schemas/Node' },
          },
          required: ['default'],
          default: { $ref: '#/nothing' },
        },
        Word: { type: 'string' },
      },
    );
    expect(problem(schema, { default: 'a', next: { default: 'b' } })).toBeUndefined();
    expect(problem(schema, { default: 'a', next: { default: 1 } })).toBe('type');
    expect(problem(schema, {})).toBe('required');
  });

  it('of OpenAPI 3.0 means the same', () => {
    const schema = standing(
      {
        type: 'object',
        properties: {
          amount: { type: 'number', minimum: 0, exclusiveMinimum: true },
          note: { type: 'string', nullable: true },
          nullable: { type: 'boolean' },
        },
      },
      {},
      '3.0.3',
    );
    expect(problem(schema, { amount: 1, note: null, nullable: true })).toBeUndefined();
    expect(problem(schema, { amount: 0 })).toBe('exclusiveMinimum');
    expect(problem(schema, { nullable: 1 })).toBe('type');
  });

  it('is refused where it refers to something outside', () => {
    expect(() => standing({ $ref: 'https://elsewhere.example/x.json' })).toThrow(UnboundSchemaError);
    expect(() => standing({ $ref: '#/components/schemas/Gone' })).toThrow(UnboundSchemaError);
  });
});
