import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterEach, describe, expect, test } from 'vitest';
import {
  createKillableValidator,
  type KillableValidator,
  type KillableValidatorOptions,
} from '#kit/json-schema/killable-validator.ts';

const HOSTILE = { pattern: '^(a+)+$' };
const BAIT = `${'a'.repeat(60)}!`;

const open: KillableValidator[] = [];
function validatorWith(options: KillableValidatorOptions = {}): KillableValidator {
  // Roomy by default: only the tests about the timeout may meet it, however busy the machine.
  const validator = createKillableValidator({ timeoutMs: 20_000, ...options });
  open.push(validator);
  return validator;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((validator) => validator.close()));
});

function nested(levels: number): unknown {
  return levels === 0 ? 0 : [nested(levels - 1)];
}

test('answers whether the instance satisfies the schema, and what is wrong if not', async () => {
  const validator = validatorWith();
  const schema = { type: 'object', required: ['issues'] };
  expect(await validator.validate(schema, { issues: [] })).toEqual({ ok: true });
  expect(await validator.validate(schema, {})).toEqual({
    ok: false,
    violation: {
      path: [],
      validator: 'required',
      validator_value: ['issues'],
      instance: {},
      message: "'issues' is a required property",
      schema_excerpt: schema,
    },
  });
});

test('a hostile pattern is given up, the main loop goes on meanwhile, and the next call is served', async () => {
  const validator = validatorWith({ timeoutMs: 500 });
  let ticks = 0;
  const ticker = setInterval(() => ticks++, 5);
  try {
    expect(await validator.validate(HOSTILE, BAIT)).toMatchObject({ ok: 'unchecked', reason: 'timeout' });
  } finally {
    clearInterval(ticker);
  }
  expect(ticks).toBeGreaterThan(0);
  expect(await validator.validate(HOSTILE, 'aaa')).toEqual({ ok: true });
});

test('calls made at once are served in order, a killed one among them', async () => {
  const validator = validatorWith({ timeoutMs: 500 });
  const order: string[] = [];
  const note = (name: string, schema: unknown, instance: unknown) =>
    validator.validate(schema, instance).then((outcome) => {
      order.push(name);
      return outcome.ok;
    });
  const answers = await Promise.all([
    note('first', { type: 'string' }, 'a'),
    note('hostile', HOSTILE, BAIT),
    note('wrong', { type: 'string' }, 1),
    note('last', { type: 'string' }, 'a'),
  ]);
  expect(answers).toEqual([true, 'unchecked', false, true]);
  expect(order).toEqual(['first', 'hostile', 'wrong', 'last']);
});

test('a thread that runs out of memory has crashed, not timed out, and is replaced', async () => {
  const validator = validatorWith({ maxHeapMb: 24 });
  const schema = { unevaluatedItems: false, items: { allOf: Array(64).fill({ type: 'string' }) } };
  expect(await validator.validate(schema, Array(100_000).fill(0))).toMatchObject({
    ok: 'unchecked',
    reason: 'crashed',
  });
  expect(await validator.validate({ type: 'string' }, 'a')).toEqual({ ok: true });
});

test.each([
  ['an unknown type', { type: 'strin' }],
  ['a reference to the network', { $ref: 'https://schemas.invalid/other.json' }],
  ['endless recursion', { $ref: '#' }],
  ['null', null],
])('%s is an invalid schema, with a reason to read', async (_name, schema) => {
  const outcome = await validatorWith().validate(schema, 1);
  expect(outcome).toMatchObject({ ok: 'unchecked', reason: 'invalid_schema', message: expect.stringMatching(/\w/) });
});

describe('limits, checked before anything is started', () => {
  test('size in bytes, schema and instance each to its own', async () => {
    const validator = validatorWith({ maxSchemaBytes: 20, maxInstanceBytes: 6 });
    expect(await validator.validate({ const: 'x'.repeat(30) }, 1)).toMatchObject({
      reason: 'too_large',
      message: expect.stringContaining('schema'),
    });
    // Two quotes and a character of two bytes each: six bytes pass, eight do not.
    expect(await validator.validate({}, 'éé')).toEqual({ ok: true });
    expect(await validator.validate({}, 'ééé')).toMatchObject({
      reason: 'too_large',
      message: 'The instance has 8 bytes, more than 6',
    });
  });

  test('depth, up to the limit and beyond it', async () => {
    const validator = validatorWith({ maxDepth: 3 });
    expect(await validator.validate({}, nested(3))).toEqual({ ok: true });
    expect(await validator.validate({}, nested(4))).toMatchObject({ ok: 'unchecked', reason: 'too_deep' });
    expect(await validator.validate({ not: { not: { not: { not: {} } } } }, 1)).toMatchObject({ reason: 'too_deep' });
  });

  test('nesting that would overflow the stack, and a cycle, are too deep rather than an exception', async () => {
    let deep: unknown = 0;
    for (let level = 0; level < 200_000; level++) deep = [deep];
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const validator = validatorWith();
    expect(await validator.validate({}, deep)).toMatchObject({ reason: 'too_deep' });
    expect(await validator.validate({}, cycle)).toMatchObject({ reason: 'too_deep' });
  });

  test('a value that is not JSON is the caller’s mistake', async () => {
    await expect(validatorWith().validate({}, undefined)).rejects.toThrow(TypeError);
  });
});

test('close ends the thread even while a hostile schema holds it', async () => {
  const started = once(process, 'worker') as Promise<[Worker]>;
  const validator = validatorWith();
  await validator.validate({}, 1);
  const [thread] = await started;
  const busy = validator.validate(HOSTILE, BAIT);
  await validator.close();
  expect(await busy).toMatchObject({ ok: 'unchecked', reason: 'closed' });
  expect(thread.threadId).toBe(-1);
});

test('after close every call is answered closed', async () => {
  const validator = validatorWith();
  await validator.validate({}, 1);
  await validator.close();
  expect(await validator.validate({}, 1)).toMatchObject({ ok: 'unchecked', reason: 'closed' });
  await validator.close();
});

describe('the process ends by itself', () => {
  async function run(mode: string): Promise<{ code: unknown; printed: unknown }> {
    const script = fileURLToPath(new URL('./unattended.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, mode], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
      return { code, printed: JSON.parse(output) };
    } finally {
      child.kill('SIGKILL');
    }
  }

  test('with an idle validator nobody closed', async () => {
    expect(await run('idle')).toEqual({ code: 0, printed: [true] });
  });

  test('once a validator busy with a hostile schema is closed', async () => {
    expect(await run('busy')).toEqual({ code: 0, printed: [true, 'closed', 'closed'] });
  });
});

test('loading the validator does not load ajv', async () => {
  const entry = fileURLToPath(new URL('../../../src/kit/json-schema/killable-validator.ts', import.meta.url));
  const { metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  const loaded = Object.keys(metafile.inputs);
  expect(loaded.some((file) => file.endsWith('json-depth.ts'))).toBe(true);
  expect(loaded.filter((file) => file.includes('node_modules'))).toEqual([]);
});
