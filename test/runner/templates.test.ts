import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '#kit/clock.ts';
import { validateJson } from '#kit/json-schema/validate.ts';
import { seededRng } from '#kit/rng.ts';
import { probesFor, tagTestFor } from '#market/sandbox-content/catalogue.ts';
import { openExecHost } from '#runner/handlers/exec-host.ts';
import type { HandlerHost } from '#runner/handlers/handler-host.ts';
import { openInProcessHost } from '#runner/handlers/in-process-host.ts';
import type { JobView } from '#runner/handlers/job-view.ts';
import { languages, scaffold, templates } from '#runner/init/scaffold.ts';
import { makeContext } from '#runner/make-context.ts';
import { fakeOrigin, type Received } from '../support/fake-origin.ts';
import { silent } from '../support/runner.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const hasPython = spawnSync('python3', ['--version']).status === 0;
const kinds = templates.flatMap((template) => languages.map((language) => ({ template, language })));
const usable = kinds.filter(({ language }) => language === 'js' || hasPython);

function viewOf(test: {
  capability: string;
  description: string;
  parameters: object;
  expected_schema: object;
}): JobView {
  return {
    kind: 'test',
    id: 'tj_1',
    tags: [],
    title: null,
    budget_usdc: null,
    feedback: null,
    estimated_seconds: null,
    deadline_at: null,
    epoch: '1',
    ...(test as Pick<JobView, 'capability' | 'description' | 'parameters' | 'expected_schema'>),
  };
}

const called: unknown[] = [];
function run(host: HandlerHost, job: JobView): Promise<unknown> {
  const go = {
    attempt: 1,
    lastValidation: undefined,
    deadline: systemClock.now() + 60_000,
    signal: new AbortController().signal,
    approved: false,
  };
  const tool = { name: 'check_result', description: 'Checks', input_schema: { type: 'object' } };
  const tools = {
    list: [tool],
    call: async (name: string, args = {}) => {
      called.push([name, args]);
      return { passed: true };
    },
  };
  const parts = { agentId: 'a', clock: systemClock, log: silent, tools, progress: () => undefined };
  return host.run(job, makeContext(job, go, parts));
}

async function open(folder: string, language: string, env: Record<string, string> = {}): Promise<HandlerHost> {
  if (language === 'js') return await openInProcessHost(join(folder, 'dispatch.mjs'));
  const all = { PATH: process.env.PATH ?? '', ...env };
  return openExecHost({ command: 'python3 dispatch.py', cwd: folder, env: all });
}

describe.each(usable)('the template $template in $language', ({ template, language }) => {
  const make = () => scaffold(temporaryDirectory(), 'mine', { template, language });

  it('has everything, filled in, and its own test passes', async () => {
    const { folder, files } = await make();
    const common = ['.cursorrules', '.env.example', '.gitignore', '.mcp.json', 'AGENTS.md', 'CLAUDE.md'];
    const own =
      language === 'js'
        ? ['dispatch.mjs', 'dispatch.test.mjs', 'package.json']
        : ['agent.json', 'dispatch.py', 'test_dispatch.py'];
    expect([...files]).toEqual([...common, ...own].sort());
    const settings = readFileSync(join(folder, '.env.example'), 'utf8');
    expect(settings).toMatch(/^SOTA_API_KEY=$/m);
    expect(/_MODEL=/.test(settings)).toBe(template === 'mcp-llm');
    for (const file of files) {
      expect(existsSync(join(folder, file))).toBe(true);
      expect(readFileSync(join(folder, file), 'utf8')).not.toMatch(/\{\{\w+\}\}/);
    }
    const [command, ...args] = language === 'js' ? [process.execPath, '--test'] : ['python3', '-m', 'unittest'];
    // Node's runner speaks another format to a parent that is a test runner itself.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    expect(() => execFileSync(command!, args, { cwd: folder, stdio: 'pipe', env })).not.toThrow();
  });
});

describe.each(usable.filter(({ template }) => template === 'det'))('the handlers of det in $language', ({
  language,
}) => {
  it('pass every probe, and the test of their tag', { timeout: 60_000 }, async () => {
    const { folder } = await scaffold(temporaryDirectory(), 'mine', { template: 'det', language });
    const host = await open(folder, language);
    const clusters = language === 'js' ? ['code', 'text', 'data', 'web', 'research', 'math', 'ops'] : ['data', 'text'];
    for (const probe of clusters.flatMap(probesFor)) {
      const task = probe.generate(seededRng(probe.variant));
      expect(validateJson(task.expected_schema, await run(host, viewOf(task)))).toBeNull();
    }
    const test = tagTestFor('data-extraction')!;
    for (let seed = 0; seed < 4; seed += 1) {
      const task = test.generate(seededRng(seed));
      expect(test.check(await run(host, viewOf(task)), task)).toBeNull();
    }
  });
});

describe.each(usable.filter(({ template }) => template === 'mcp-llm'))('a model in $language', ({ language }) => {
  const job = viewOf({ capability: 'x', description: 'd', parameters: {}, expected_schema: { type: 'object' } });
  const said = (request: Received) => request.body as Record<string, unknown>;

  async function withEnv(env: Record<string, string>): Promise<HandlerHost> {
    const { folder } = await scaffold(temporaryDirectory(), 'mine', { template: 'mcp-llm', language });
    if (language === 'js') {
      Object.assign(process.env, env);
      onTestFinished(() => {
        for (const name of Object.keys(env)) delete process.env[name];
      });
    }
    return await open(folder, language, env);
  }

  it('behind an endpoint like that of Anthropic does the job', async () => {
    const answer = { content: [{ type: 'text', text: '```json\n{"a":1}\n```' }] };
    const use = { content: [{ type: 'tool_use', id: 'u1', name: 'check_result', input: { result: {} } }] };
    const origin = await fakeOrigin();
    origin.on('POST /v1/messages', ...(language === 'js' ? [{ json: use }] : []), { json: answer });
    const host = await withEnv({ ANTHROPIC_API_KEY: 'k-anthropic', ANTHROPIC_BASE_URL: origin.url });
    expect(await run(host, job)).toEqual({ a: 1 });
    expect(origin.received[0]?.headers['x-api-key']).toBe('k-anthropic');
    expect(JSON.stringify(said(origin.received[0]!))).toContain('\\"description\\"');
    if (language === 'js') {
      expect(called.at(-1)).toEqual(['check_result', { result: {} }]);
      expect(JSON.stringify(said(origin.received[1]!).messages)).toContain('"tool_use_id":"u1"');
    }
  });

  it('behind an endpoint like that of OpenAI does the job', async () => {
    const call = { id: 'c1', type: 'function', function: { name: 'check_result', arguments: '{"result":{}}' } };
    const use = { choices: [{ message: { role: 'assistant', content: null, tool_calls: [call] } }] };
    const answer = { choices: [{ message: { role: 'assistant', content: '{"b":2}' } }] };
    const origin = await fakeOrigin();
    origin.on('POST /v1/chat/completions', ...(language === 'js' ? [{ json: use }] : []), { json: answer });
    const host = await withEnv({ OPENAI_BASE_URL: `${origin.url}/v1`, OPENAI_API_KEY: 'k-openai' });
    expect(await run(host, job)).toEqual({ b: 2 });
    expect(origin.received[0]?.headers.authorization).toBe('Bearer k-openai');
  });

  it('that asks to wait, or knows no such key, gives the job back with that reason', async () => {
    const origin = await fakeOrigin();
    origin.on('POST /v1/chat/completions', { status: 429, json: {} }, { status: 401, json: {} });
    const host = await withEnv({ OPENAI_BASE_URL: `${origin.url}/v1` });
    await expect(run(host, job)).rejects.toMatchObject({ code: 'rate_limited' });
    await expect(run(host, job)).rejects.toMatchObject({ code: 'authentication_failed', retryable: false });
  });
});
