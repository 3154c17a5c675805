import fc from 'fast-check';
import { fromSchema, junk, type Names, type Schema } from './json-from-schema.ts';

/** A request that can be written down and sent again. */
export interface FuzzRequest {
  readonly operationId: string;
  readonly method: string;
  /** Path and query, encoded. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly schema: Schema;
}

interface OperationObject {
  readonly operationId: string;
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

/**
 * What the marketplace under test holds, by the name of the field or parameter that takes it. Requests are generated
 * before it is known what will be there, so they hold marks, which `fill` replaces when they are sent.
 */
export type Pools = Readonly<Record<string, readonly string[]>>;

const MARK = /IN\.(\w+)\.(\d+)\.OUT/g;
const mark = (pool: string) => fc.nat(9999).map((index) => `IN.${pool}.${index}.OUT`);

/** Puts things that are there in the place of the marks. */
export function fill(request: FuzzRequest, pools: Pools): FuzzRequest {
  const text = (value: string) =>
    value.replace(MARK, (_all, pool: string, index: string) => {
      const values = pools[pool] ?? [];
      return values[Number(index) % values.length] ?? 'none';
    });
  const headers = Object.entries(request.headers).map(([name, value]) => [name, text(value)]);
  return {
    ...request,
    target: text(request.target),
    headers: Object.fromEntries(headers),
    body: request.body === undefined ? undefined : text(request.body),
  };
}

/** Requests to every operation of an OpenAPI document: fitting, nearly fitting, and not at all. */
export function requestsFrom(document: Readonly<Record<string, unknown>>): fc.Arbitrary<FuzzRequest> {
  const paths = document.paths as Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => requestFor(path, method.toUpperCase(), operation)),
  );
  return fc.oneof(...all);
}

/** Things that exist, seldom things that do not. */
const existing = (pool: string) =>
  fc.oneof({ weight: 12, arbitrary: mark(pool) }, { weight: 1, arbitrary: fc.string({ maxLength: 12 }) });
const IDS = ['job_id', 'bid_id', 'key_id', 'test_job_id', 'agent_id', 'device_code', 'code', 'recovery_token'];
const KNOWN: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  ...Object.fromEntries(IDS.map((name) => [name, existing(name)])),
  'tags[]': existing('tag'),
  'capabilities[]': existing('tag'),
  'clusters[]': existing('cluster'),
  capability: existing('tag'),
  email: fc.constantFrom('worker@example.test', 'a@example.test', 'b@example.test', 'nobody'),
  password: fc.constantFrom('correct horse', 'correct horse', 'wrong horse', 'short'),
  result: fc.constantFrom('{}', '[]', '"x"', 'no json', '{"a":{"b":[1]}}', '{"status":"ok","message":"x"}'),
  description: fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }),
  since_ts: fc.constantFrom(
    '2026-01-01T00:00:00Z',
    '2026-01-01T00:00:00+02:00',
    'yesterday',
    '-271821-04-20T00:00:00Z',
  ),
  since: fc.constantFrom('2026-01-01T00:00:00Z', '1', 'soon'),
};
const names: Names = (field) => (Object.hasOwn(KNOWN, field) ? KNOWN[field] : undefined);

function requestFor(path: string, method: string, operation: OperationObject): fc.Arbitrary<FuzzRequest> {
  const bodySchema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const isPage = !path.startsWith('/api') && method === 'POST' && bodySchema !== undefined && path === '/verify';
  return fc
    .record({
      params: inPlace(operation.parameters, 'path'),
      query: inPlace(operation.parameters, 'query'),
      strayQuery: seldom(fc.record({ name: fc.string({ maxLength: 6 }), value: fc.string({ maxLength: 6 }) })),
      body: bodySchema === undefined ? seldom(bodies({})) : bodies(bodySchema, isPage),
      auth: authFor(operation),
      idempotencyKey: seldom(fc.oneof(fc.constantFrom('k1', 'k2', '"k1"', '', 'é', 'x'.repeat(300)), fc.uuid())),
      agentHeader: seldom(existing('agent_id').map(latin1)),
      contentType: fc.constantFrom('application/json', 'text/plain', 'application/x-www-form-urlencoded', ''),
    })
    .map(({ params, query, strayQuery, body, auth, idempotencyKey, agentHeader, contentType }) => {
      const search = new URLSearchParams(
        Object.entries(query).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, asText(value)] as [string, string]],
        ),
      );
      if (strayQuery) search.append(strayQuery.name, strayQuery.value);
      const address = path.replace(
        /\{(\w+)\}/g,
        (_all, name: string) => encodeURIComponent(asText(params[name])) || 'x',
      );
      return {
        operationId: operation.operationId,
        method,
        target: wellFormed(address) + (search.size ? `?${search}` : ''),
        headers: {
          ...auth,
          ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': latin1(idempotencyKey) }),
          ...(agentHeader === undefined ? {} : { 'X-Agent-Id': agentHeader }),
          ...(contentType ? { 'Content-Type': contentType } : {}),
        },
        body: method === 'GET' ? undefined : body,
      };
    });
}

const seldom = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 8 });

function inPlace(parameters: readonly Parameter[], where: 'path' | 'query') {
  const fields = parameters
    .filter((parameter) => parameter.in === where)
    .map(({ name, schema }) => {
      const value = fc.oneof(
        { weight: 8, arbitrary: fromSchema(schema, names, name) },
        { weight: 1, arbitrary: junk },
        { weight: 1, arbitrary: fc.constantFrom('NaN', '1e3', '0x10', '-1', '9'.repeat(40), ' ', '%00') },
      );
      return [name, where === 'path' ? value : fc.option(value, { nil: undefined })] as const;
    });
  return fc.record(Object.fromEntries(fields)) as fc.Arbitrary<Record<string, unknown>>;
}

/** The text of a body: right, with one thing wrong, or no JSON at all. */
function bodies(schema: Schema, isForm = false): fc.Arbitrary<string> {
  const right = fromSchema(schema, names);
  const wrong = fc
    .tuple(right, fc.nat(), fc.constantFrom('replace', 'remove', 'add'), junk)
    .map(([value, at, how, other]) => {
      const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
      const index = entries.length ? at % entries.length : 0;
      if (how === 'add' || !entries.length) return Object.fromEntries([...entries, [`stray${at % 3}`, other]]);
      if (how === 'remove') return Object.fromEntries(entries.filter((_entry, i) => i !== index));
      return Object.fromEntries(entries.map(([name, old], i) => [name, i === index ? other : old]));
    });
  const json = (value: unknown) => JSON.stringify(value) ?? '';
  const form = (value: unknown) =>
    new URLSearchParams(
      Object.entries(value as object).map(([name, field]): [string, string] => [name, asText(field)]),
    ).toString();
  const write = isForm ? form : json;
  return fc.oneof(
    { weight: 10, arbitrary: right.map(write) },
    { weight: 5, arbitrary: wrong.map(write) },
    { weight: 1, arbitrary: junk.map(json) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('', ' ', '{', '[]', 'null', '{"a":1,"a":2}', `${'['.repeat(900)}${']'.repeat(900)}`),
    },
  );
}

/** Mostly what the operation asks for. */
function authFor({ security }: OperationObject): fc.Arbitrary<Record<string, string>> {
  const key = mark('key').map((value): Record<string, string> => ({ 'X-API-Key': value }));
  const bearer = mark('token').map((value): Record<string, string> => ({ Authorization: `Bearer ${value}` }));
  const fitting = security.flatMap((option) => Object.keys(option)).map((name) => (name === 'ApiKey' ? key : bearer));
  return fc.oneof(
    { weight: 12, arbitrary: fitting.length ? fc.oneof(...fitting) : fc.constant({}) },
    { weight: 1, arbitrary: fc.oneof(key, bearer) },
    { weight: 1, arbitrary: fc.tuple(key, bearer).map(([a, b]) => ({ ...a, ...b })) },
    { weight: 1, arbitrary: bearer.map((value) => ({ ...value, 'X-API-Key': '' })) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Record<string, string>>({}, { 'X-API-Key': 'none' }, { Authorization: 'Bearer none' }),
    },
  );
}

function asText(value: unknown): string {
  return typeof value === 'string' ? wellFormed(value) : (JSON.stringify(value) ?? '');
}

/** Half a surrogate pair cannot be put into a URL. */
const wellFormed = (text: string) => text.replace(/\p{Surrogate}/gu, '�');
const latin1 = (text: string) => text.replace(/[^\x20-\xff]/g, '?');
