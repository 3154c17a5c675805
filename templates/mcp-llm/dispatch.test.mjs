import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseModel, parseResult } from './dispatch.mjs';

test('the answer of a model is read with and without a fence', () => {
  const job = { expected_schema: { type: 'object' } };
  assert.deepEqual(parseResult('{"a":1}', job), { a: 1 });
  assert.deepEqual(parseResult('```json\n{"a":1}\n```', job), { a: 1 });
  assert.throws(() => parseResult('Sure!', job), { code: 'internal_error' });
  assert.equal(parseResult('Sure!', { expected_schema: null }), 'Sure!');
});

test('the environment names the model', () => {
  assert.throws(() => chooseModel({}), { code: 'authentication_failed' });
  assert.equal(typeof chooseModel({ OPENAI_BASE_URL: 'http://127.0.0.1:1' }).converse, 'function');
});
