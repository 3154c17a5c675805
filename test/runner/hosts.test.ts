import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '#kit/clock.ts';
import { failureOf } from '#runner/handlers/agent-error.ts';
import { openChildHost } from '#runner/handlers/child-host.ts';
import { openExecHost } from '#runner/handlers/exec-host.ts';
import { handlerEnv } from '#runner/handlers/handler-env.ts';
import type { HandlerContext, HandlerHost } from '#runner/handlers/handler-host.ts';
import { openInProcessHost } from '#runner/handlers/in-process-host.ts';
import type { JobView } from '#runner/handlers/job-view.ts';
import { makeContext } from '#runner/make-context.ts';
import { silent } from '../support/runner.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const job: JobView = {
  kind: 'job',
  id: 'job_1',
  capability: 'echo',
  tags: ['echo'],
  title: null,
  description: 'Say it again',
  parameters: { word: 'ö' },
  expected_schema: { type: 'object', required: ['n'], properties: { n: { type: 'integer', minimum: 3 } } },
  budget_usdc: 1,
  feedback: null,
  estimated_seconds: null,
  deadline_at: null,
  epoch: '0.0',
};

interface Given {
  readonly signal?: AbortSignal;
  readonly approved?: boolean;
}

function context(given: Given = {}): HandlerContext & { readonly seen: unknown[] } {
  const seen: unknown[] = [];
  const made = makeContext(
    job,
    {
      attempt: 2,
      lastValidation: { passed: false, code: 'schema_violation', message: 'no' },
      deadline: systemClock.now() + 60_000,
      signal: given.signal ?? new AbortController().signal,
      approved: given.approved ?? false,
    },
    {
      agentId: 'agent_1',
      clock: systemClock,
      log: silent,
      tools: { list: [], call: async (name, args) => ({ name, args }) },
      progress: (...said) => seen.push(said),
      onLog: (...said) => seen.push(said),
    },
  );
  return Object.assign(made, { seen });
}

const SOURCE = `
export const bidPolicy = { share: 0.5 };
export const agent = { clusters: ['text'], tags: ['echo'] };
export const bid = (job) => (job.budget_usdc > 0.5 ? { amount_usdc: 0.5 } : null);
const say = {
  echo: (job, ctx) => {
    ctx.progress(40, 'half');
    ctx.log('on it', 'warn');
    return { word: job.parameters.word, attempt: ctx.attempt, code: ctx.lastValidation.code, least: ctx.skeleton() };
  },
  typed: () => { throw Object.assign(new Error('broken link'), { name: 'AgentError', code: 'invalid_input', retryable: false }); },
  plain: () => { throw new TypeError('oops'); },
  nothing: () => undefined,
  tool: (job, ctx) => ctx.tools.call('get_job', { job_id: job.id }),
  approval: (job, ctx) => { ctx.requireApproval('costs money'); return 'agreed'; },
  abortable: (job, ctx) => new Promise((resolve, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason))),
  secrets: () => Object.keys(process.env).filter((name) => name.startsWith('SOTA_')),
};
export const handlers = say;
`;

type Opened = HandlerHost & { reload(): Promise<void> };
const hosts: [string, (file: string) => Promise<Opened>][] = [
  ['in this process', openInProcessHost],
  ['in a process of its own', (file) => openChildHost(file, { env: handlerEnv(process.env, {}) })],
];

describe.each(hosts)('a handler file %s', (_where, open) => {
  async function opened(source = SOURCE): Promise<{ host: Opened; file: string }> {
    const file = join(temporaryDirectory(), 'dispatch.mjs');
    writeFileSync(file, source);
    const host = await open(file);
    onTestFinished(() => host.close());
    return { host, file };
  }
  const as = (capability: string): JobView => ({ ...job, capability });

  it('gets the job and its context, and its answer comes back', async () => {
    const { host } = await opened();
    const ctx = context();
    expect(await host.run(as('echo'), ctx)).toEqual({
      word: 'ö',
      attempt: 2,
      code: 'schema_violation',
      least: { n: 3 },
    });
    expect(ctx.seen).toEqual([
      [40, 'half'],
      ['on it', 'warn'],
    ]);
    expect(await host.run(as('nothing'), context())).toBeUndefined();
    expect(await host.run(as('tool'), context())).toEqual({ name: 'get_job', args: { job_id: 'job_1' } });
  });

  it('declares tags, policy and agent, and bids', async () => {
    const { host } = await opened();
    expect(host.declared()).toMatchObject({
      bidPolicy: { share: 0.5 },
      agent: { tags: ['echo'] },
      takesAnything: false,
    });
    expect(host.declared().capabilities?.has('echo')).toBe(true);
    expect(await host.bid(job)).toEqual({ amount_usdc: 0.5 });
    expect(await host.bid({ ...job, budget_usdc: 0.4 })).toBeNull();
  });

  it('has its errors read by their shape', async () => {
    const { host } = await opened();
    const failure = async (name: string) => failureOf(await host.run(as(name), context()).catch((error) => error));
    expect(await failure('typed')).toEqual({
      error_code: 'invalid_input',
      error_message: 'broken link',
      retryable: false,
    });
    expect(await failure('plain')).toEqual({ error_code: 'internal_error', error_message: 'oops', retryable: true });
    expect(await failure('unheard-of')).toMatchObject({ error_code: 'resource_unavailable', retryable: true });
  });

  it('can ask a person first', async () => {
    const { host } = await opened();
    await expect(host.run(as('approval'), context())).rejects.toMatchObject({
      name: 'ApprovalNeeded',
      message: 'costs money',
    });
    expect(await host.run(as('approval'), context({ approved: true }))).toBe('agreed');
  });

  it('hears when it has to stop', async () => {
    const { host } = await opened();
    const stop = new AbortController();
    const running = host.run(as('abortable'), context({ signal: stop.signal }));
    stop.abort(new Error('deadline'));
    await expect(running).rejects.toMatchObject({ message: 'deadline' });
  });

  it('is taken anew without disturbing what runs, and a broken one changes nothing', async () => {
    const { host, file } = await opened();
    const stop = new AbortController();
    const old = host.run(as('abortable'), context({ signal: stop.signal }));
    writeFileSync(file, `export const dispatch = () => 'new';`);
    await host.reload();
    expect(await host.run(as('echo'), context())).toBe('new');
    writeFileSync(file, 'export const dispatch = ');
    await expect(host.reload()).rejects.toThrow(/dispatch\.mjs/);
    expect(await host.run(as('echo'), context())).toBe('new');
    stop.abort(new Error('old code'));
    await expect(old).rejects.toMatchObject({ message: 'old code' });
  });

  it.each([
    ['export const other = 1;', /neither handlers nor dispatch/],
    ['export const handlers = { a: 1 };', /handlers\['a'\] is not a function/],
    ['export const handlers = {};', /empty/],
    ['throw new Error("at start");', /at start/],
  ])('%j is refused with the reason', async (source, message) => {
    await expect(opened(source)).rejects.toThrow(message);
  });
});

describe('a handler in a process of its own', () => {
  it('does not see the secrets of the marketplace', async () => {
    const file = join(temporaryDirectory(), 'dispatch.mjs');
    writeFileSync(file, SOURCE);
    const env = handlerEnv(
      { ...process.env, SOTA_API_KEY: 'sk_live_secret_secret', OPENAI_API_KEY: 'x' },
      { MINE: '1' },
    );
    expect(env).toMatchObject({ OPENAI_API_KEY: 'x', MINE: '1' });
    const host = await openChildHost(file, { env });
    onTestFinished(() => host.close());
    expect(await host.run({ ...job, capability: 'secrets' }, context())).toEqual([]);
  });

  it('that dies is a crash, and the next job gets a fresh one', async () => {
    const file = join(temporaryDirectory(), 'dispatch.mjs');
    writeFileSync(file, `export const dispatch = (job) => (job.id === 'bad' ? process.exit(3) : 'fine');`);
    const host = await openChildHost(file, { env: handlerEnv(process.env, {}) });
    onTestFinished(() => host.close());
    await expect(host.run({ ...job, id: 'bad' }, context())).rejects.toMatchObject({ name: 'HandlerCrashed' });
    expect(await host.run(job, context())).toBe('fine');
  });

  it('that never pauses keeps nobody else from running', async () => {
    const file = join(temporaryDirectory(), 'dispatch.mjs');
    writeFileSync(file, `export const dispatch = (job) => { while (job.id === 'busy') {} return 'fine'; };`);
    const host = await openChildHost(file, { env: handlerEnv(process.env, {}) });
    const busy = host.run({ ...job, id: 'busy' }, context()).catch((error: unknown) => error);
    expect(await host.run(job, context())).toBe('fine');
    await host.close();
    expect(await busy).toMatchObject({ name: 'HandlerCrashed' });
  });
});

describe('a runner that is killed', () => {
  it('leaves no handler behind, however busy it is', async () => {
    const folder = temporaryDirectory();
    const file = join(folder, 'dispatch.mjs');
    writeFileSync(file, `export const dispatch = (job) => { for (;;) {} };`);
    const host = new URL('../../src/runner/handlers/child-host.ts', import.meta.url).href;
    const code = `const { openChildHost } = await import(${JSON.stringify(host)});
      const host = await openChildHost(${JSON.stringify(file)}, { env: process.env });
      host.run({ id: 'x' }, { signal: new AbortController().signal, tools: { list: [] }, requireApproval() {} });
      const { execFileSync } = await import('node:child_process');
      const found = execFileSync('pgrep', ['-P', String(process.pid), '-f', 'handler-child'], { encoding: 'utf8' });
      console.log(found.trim().split('\\n')[0]);`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString().trim());
    expect(pid).toBeGreaterThan(0);
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: 20_000, interval: 200 }).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a command', () => {
  const node = (code: string): HandlerHost =>
    openExecHost({
      command: `"${process.execPath}" -e ${JSON.stringify(code.replaceAll('\n', ' ')).replaceAll('$', '\\$')}`,
      cwd: temporaryDirectory(),
      env: handlerEnv(process.env, {}),
    });
  const READ = `let t='';process.stdin.on('data',(c)=>t+=c).on('end',()=>{const i=JSON.parse(t);OUT});`;
  const program = (out: string) => node(READ.replace('OUT', out).replaceAll('"', "'"));

  it('reads the job from stdin and answers on stdout, reporting on stderr', async () => {
    const ctx = context();
    const host = program(
      `console.error('progress 40 half');console.error('a line');console.log(JSON.stringify({w:i.job.parameters.word,a:i.attempt,c:i.last_validation.code,s:i.skeleton}))`,
    );
    expect(await host.run(job, ctx)).toEqual({ w: 'ö', a: 2, c: 'schema_violation', s: { n: 3 } });
    expect(ctx.seen).toEqual([
      [40, 'half'],
      ['a line', 'info'],
    ]);
  });

  it.each([
    [`console.log(JSON.stringify({error:{code:'invalid_input',message:'no url'}}))`, 'invalid_input', /no url/],
    [`console.error('Traceback');process.exit(1)`, 'internal_error', /status 1\. Traceback/],
    [`console.log('not json')`, 'internal_error', /not one JSON value/],
  ])('%s is a failure', async (out, code, message) => {
    const error = await program(out)
      .run(job, context())
      .catch((thrown: unknown) => thrown);
    expect(failureOf(error)).toMatchObject({ error_code: code, error_message: expect.stringMatching(message) });
  });

  it('that is killed is a crash', async () => {
    const running = program(`process.kill(process.pid,'SIGKILL')`).run(job, context());
    await expect(running).rejects.toMatchObject({ name: 'HandlerCrashed' });
  });

  it('that has to stop is stopped', async () => {
    const stop = new AbortController();
    const ctx = context({ signal: stop.signal });
    const running = program(`console.error('up');setInterval(()=>{},1000)`).run(job, ctx);
    await expect.poll(() => ctx.seen.length, { timeout: 10_000 }).toBe(1);
    stop.abort();
    await expect(running).rejects.toMatchObject({ code: 'timeout' });
  });
});
