import { describe, expect, it } from 'vitest';
import { extractOperation } from '#tools/discovery/openapi-extract.ts';

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const document = {
  paths: {
    '/jobs/{job_id}': {
      parameters: [{ name: 'job_id', in: 'path' }],
      get: { responses: { 200: ref('Job'), 404: ref('Error') } },
    },
    '/agents/bid': { post: { requestBody: ref('Bid') } },
    '/loop': { get: { responses: { 200: ref('Loop') } } },
    '/far': { get: { responses: { 200: { $ref: 'https://evil.example/schema.json' } } } },
  },
  components: {
    schemas: {
      Job: { type: 'object', properties: { bid: ref('Bid') } },
      Bid: { type: 'object' },
      Error: { type: 'object', description: 'e'.repeat(500) },
      Loop: { properties: { again: ref('Loop') } },
      Unused: { type: 'object' },
    },
  },
};
const extract = (method: string, path: string, maxChars = 10_000) => {
  const found = extractOperation(document, method, path, maxChars);
  return found.kind === 'found' ? found.extract : found;
};

describe('one operation of an OpenAPI document', () => {
  it('comes with the schemas it uses, also by a detour, and no others', () => {
    expect(extract('get', '/jobs/{job_id}')).toMatchObject({
      operation: { path_parameters: [{ name: 'job_id' }] },
      schemas: { Job: {}, Error: {}, Bid: {} },
      left_out: [],
    });
    expect(JSON.stringify(extract('get', '/jobs/{job_id}'))).not.toContain('Unused');
  });

  it('is found by another parameter name, by a concrete path and in any case', () => {
    for (const path of ['/jobs/{id}', '/jobs/123', '/jobs/{job_id}/']) {
      expect(extractOperation(document, 'GET', path, 10_000), path).toMatchObject({
        kind: 'found',
        path: '/jobs/{job_id}',
      });
    }
  });

  it('stays within its size and says what it left out', () => {
    expect(extract('get', '/jobs/{job_id}', 300)).toMatchObject({ left_out: ['Error'], schemas: { Job: {}, Bid: {} } });
  });

  it('follows a loop once and no reference out of the document', () => {
    expect(extract('get', '/loop')).toMatchObject({ schemas: { Loop: {} } });
    expect(extract('get', '/far')).toMatchObject({ schemas: {}, left_out: ['https://evil.example/schema.json'] });
  });

  it('tells what there is instead', () => {
    expect(extract('post', '/agents/bids')).toEqual({ kind: 'no_path', near: '/agents/bid' });
    expect(extract('delete', '/agents/bid')).toEqual({ kind: 'no_method', path: '/agents/bid', methods: ['POST'] });
    expect(extractOperation('not a document', 'get', '/x', 10)).toEqual({ kind: 'no_path', near: undefined });
  });
});
