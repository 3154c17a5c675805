import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '#contract/operations/registry.ts';
import type { RunningMarket } from '#market/serve.ts';
import { http } from '../support/http.ts';
import { startOnEngine } from '../support/market.ts';

/** The marketplace describes itself: every route in its OpenAPI document exists, is guarded as it says, and no other is. */
let running: RunningMarket;
// biome-ignore lint/suspicious/noExplicitAny: an OpenAPI document is read by path
let document: any;
beforeAll(async () => {
  running = await startOnEngine();
  document = (await http('GET', `${running.url}/api/v1/openapi.json`)).body;
});
afterAll(() => running.close());

const offered = () =>
  Object.entries<Record<string, { operationId: string }>>(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({ path, method: method.toUpperCase(), operationId })),
  );

describe('the OpenAPI document', () => {
  it('is version 3.1 with unique operation ids, all of them of the contract', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    const ids = offered().map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operationId, path, method } of offered()) {
      expect(operations.find(({ id }) => id === operationId)).toMatchObject({ path, method });
    }
    expect(Object.keys(document.paths).some((path) => path.startsWith('/_local'))).toBe(false);
  });

  it('offers every operation of the contract', () => {
    expect(
      offered()
        .map(({ operationId }) => operationId)
        .sort(),
    ).toEqual(operations.map(({ id }) => id).sort());
  });

  it('resolves every $ref', () => {
    for (const [, reference] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = String(reference)
        .split('/')
        .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
      expect(target, reference).toBeDefined();
    }
  });
});

describe('every route that needs a key', () => {
  it('answers 401 without one, before it looks at anything else', async () => {
    for (const { path, method, operationId } of offered()) {
      if (operations.find(({ id }) => id === operationId)?.auth === 'none') continue;
      const answer = await http(
        method,
        `${running.url}${path.replace(/\{\w+\}/g, 'x')}`,
        method === 'GET' ? {} : { text: '{"no":"such"}' },
      );
      expect(answer, operationId).toMatchObject({ status: 401, body: { detail: { error: expect.any(String) } } });
    }
  });
});
