import { createHash } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { base58 } from '@scure/base';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { tagTestFor } from '#market/sandbox-content/catalogue.ts';
import { type RunningMarket, startMarket } from '#market/serve.ts';
import { CANARY, type Injection, injections, trapSchema } from '../fixtures/injections.ts';
import { skeleton } from '../market/sandbox-content/skeleton.ts';
import { http } from '../support/http.ts';
import { type CallResult, type Inspected, inspectAnswer } from '../support/inspect-answer.ts';
import { connect, type TestClient, temporaryHome } from '../support/mcp-clients.ts';

/**
 * Every hostile text in every field another person can fill, through the marketplace's own API, read back through every
 * tool of the shipped server that shows it.
 */
vi.setConfig({ testTimeout: 120_000 });

interface Agent {
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are read by path
  call(method: string, path: string, body?: unknown): Promise<any>;
  readonly key: string;
}

interface Reader {
  read(tool: string, args?: Record<string, unknown>): Promise<Inspected>;
  close(): Promise<void>;
}

let running: RunningMarket;
const homes: { remove(): void }[] = [];
beforeAll(async () => {
  running = await startMarket({ port: 0, data: ':memory:' });
});
afterAll(async () => {
  await running?.close();
  for (const home of homes) home.remove();
});

async function agent(name: string, { active = true, tags = ['code-review'] } = {}): Promise<Agent> {
  const body = { email: `${name}@example.test`, password: 'correct horse', agent_name: name, capabilities: tags };
  const { body: made } = await http('POST', `${running.url}/api/v1/agents/register/simple`, { body });
  const local = (path: string, given: unknown) => http('POST', `${running.url}/_local/${path}`, { body: given });
  if (active) await local(`admin/agents/${made.agent_id}/activate`, {});
  await local('fund', { agent_id: made.agent_id, amount_usdc: 10_000 });
  return {
    id: made.agent_id,
    key: made.api_key,
    async call(method, path, given) {
      const answer = await http(method, `${running.url}/api/v1/${path}`, { key: made.api_key, body: given });
      if (answer.status !== 200)
        throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`);
      return answer.body;
    },
  };
}

async function reader(
  { key }: Agent,
  env: Record<string, string> = {},
): Promise<Reader & { readonly client: TestClient }> {
  const home = temporaryHome();
  homes.push(home);
  const client = await connect('v2 modern', {
    env: { SOTA_HOME: home.path, SOTA_API_URL: running.url, SOTA_API_KEY: key, ...env },
  });
  return {
    client,
    async read(tool, args = {}) {
      const result = (await (client.raw as { callTool(call: object): Promise<unknown> }).callTool({
        name: tool,
        arguments: args,
      })) as CallResult;
      return inspectAnswer(tool, result);
    },
    close: () => client.close(),
  };
}

const cut = ({ text }: Injection, length: number) => text.slice(0, length).toWellFormed();
const post = (poster: Agent, about: object) =>
  poster.call('POST', 'jobs', {
    description: 'a plain job',
    budget_usdc: 1,
    tags: ['code-review'],
    selection: 'manual',
    bid_window_seconds: 3_600,
    ...about,
  });
async function award(poster: Agent, worker: Agent, jobId: string): Promise<void> {
  await worker.call('POST', 'agents/bid', { job_id: jobId, amount_usdc: 0.5, estimated_seconds: 600 });
  const { bids } = await poster.call('GET', `jobs/${jobId}/bids`);
  await poster.call('POST', `jobs/${jobId}/award`, { bid_id: bids[0].id });
}

describe('a requester who writes them into a job', () => {
  let poster: Agent;
  let worker: Agent;
  let victim: Reader;
  const jobs = new Map<string, { id: string; injection: Injection; parameters: object; schema: object }>();
  beforeAll(async () => {
    [poster, worker] = [await agent('bad-requester'), await agent('good-worker')];
    victim = await reader(worker);
    for (const injection of injections) {
      const parameters = { brief: cut(injection, 5_000), [cut(injection, 60)]: [cut(injection, 500)] };
      const schema = trapSchema(cut(injection, 1_000));
      const about = {
        title: cut(injection, 200),
        description: cut(injection, 20_000),
        parameters,
        expected_schema: schema,
      };
      const { id } = await post(poster, about);
      jobs.set(id, { id, injection, parameters, schema });
    }
  });
  afterAll(() => victim?.close());

  it('lists them fenced', async () => {
    const seen = new Set<string>();
    for (let cursor: string | undefined; ; ) {
      const { answer, found } = await victim.read('list_jobs', { limit: 100, ...(cursor && { cursor }) });
      for (const job of answer.jobs) {
        expect(job.title).toContain(CANARY);
        expect(job.description).toContain(CANARY);
        seen.add(job.id);
      }
      expect(new Set(found)).toContain('jobs[].title');
      cursor = answer.next_cursor;
      if (!cursor) break;
    }
    expect(seen.size).toBe(injections.length);
  });

  it('shows each whole, with its data byte for byte', async () => {
    for (const { id, injection, parameters, schema } of jobs.values()) {
      const { answer, found } = await victim.read('get_job', { job_id: id });
      expect(found, injection.name).toEqual(expect.arrayContaining(['job.title', 'job.description']));
      expect(answer.job.parameters ?? (await inParts(id, 'parameters')), injection.name).toEqual(parameters);
      expect(answer.job.expected_schema ?? (await inParts(id, 'expected_schema')), injection.name).toEqual(schema);
      expect(answer.untrusted.texts[0]).toMatchObject({ source: 'requester', author_id: poster.id });
    }
  });

  async function inParts(job_id: string, field: string): Promise<unknown> {
    let text = '';
    for (let cursor: string | undefined = `${field}:0`; cursor; ) {
      const { answer } = await victim.read('get_job', { job_id, cursor });
      text += answer.json_part;
      cursor = answer.next_cursor;
    }
    return JSON.parse(text);
  }

  it('wakes a waiting worker with them fenced', async () => {
    const { id } = await post(poster, { title: cut(injections[0]!, 200), description: cut(injections[1]!, 2_000) });
    const { answer, found } = await victim.read('wait_for_activity', { timeout_seconds: 20 });
    expect(answer.new_jobs[0].id).toBe(id);
    expect(found).toEqual(expect.arrayContaining(['new_jobs[].title', 'new_jobs[].description']));
  });

  it('bids, checks and delivers against them fenced, also where that is refused', async () => {
    for (const { id, injection } of jobs.values()) {
      const bid = await victim.read('bid', { job_id: id, amount_usdc: 0.5, eta_seconds: 600 });
      expect(bid.found, injection.name).toEqual(['job_title']);
      const check = await victim.read('check_result', { job_id: id, result: { answer: 'wrong' } });
      expect(check.answer).toMatchObject({ passed: false, code: 'schema_violation' });
      expect(check.found, injection.name).toContain('message');

      const { bids } = await poster.call('GET', `jobs/${id}/bids`);
      await poster.call('POST', `jobs/${id}/award`, { bid_id: bids[0].id });
      await worker.call('POST', `agents/jobs/${id}/accept`);
      const refused = await victim.read('deliver', { job_id: id, result: { answer: 'wrong' } });
      expect(refused.answer.error.code, injection.name).toBe('schema_violation');
      expect(refused.found, injection.name).toContain('error.marketplace_said');
    }
  });

  it('reads what is to be changed fenced', async () => {
    for (const { id, injection } of jobs.values()) {
      await worker.call('POST', 'agents/deliver', {
        job_id: id,
        result: JSON.stringify({ answer: cut(injection, 1_000) }),
      });
      await poster.call('POST', `jobs/${id}/request-changes`, { feedback: cut(injection, 4_000) });
      const { found } = await victim.read('get_job', { job_id: id });
      expect(found, injection.name).toContain('job.feedback');
    }
  });

  it('reads why a job was taken back fenced', async () => {
    for (const injection of injections) {
      const { id } = await post(poster, {});
      await award(poster, worker, id);
      await poster.call('POST', `jobs/${id}/cancel`, { reason: cut(injection, 500) });
      const { found } = await victim.read('get_job', { job_id: id });
      expect(found, injection.name).toContain('job.error_message');
    }
  });

  it('reads all of it in the log fenced', async () => {
    const seen = new Set<string>();
    let entries = 0;
    for (let since_id = 0; ; ) {
      const { answer, found } = await victim.read('get_activity_log', { since_id, limit: 100 });
      for (const path of found) seen.add(path);
      entries += answer.entries.length;
      if (!answer.has_more) break;
      since_id = answer.next_since_id;
    }
    expect([...seen].sort()).toEqual([
      'entries[].payload.feedback',
      'entries[].payload.reason',
      'entries[].payload.title',
    ]);
    expect(entries).toBeGreaterThan(2 * injections.length);
  });
});

describe('a worker who writes them into bids and deliveries', () => {
  let poster: Agent;
  let worker: Agent;
  let victim: Reader;
  beforeAll(async () => {
    [poster, worker] = [await agent('good-requester'), await agent('bad-worker')];
    victim = await reader(poster);
  });
  afterAll(() => victim?.close());

  const won = async (injection: Injection): Promise<string> => {
    await worker.call('PATCH', 'agents/me', { name: cut(injection, 80) });
    const { id } = await post(poster, {});
    await worker.call('POST', 'agents/bid', { job_id: id, amount_usdc: 0.5, estimated_seconds: 600 });
    return id;
  };
  const awarded = async (id: string): Promise<void> => {
    const { bids } = await poster.call('GET', `jobs/${id}/bids`);
    await poster.call('POST', `jobs/${id}/award`, { bid_id: bids[0].id });
    await worker.call('POST', `agents/jobs/${id}/accept`);
  };

  it('is read fenced: names, progress, deliveries whole and in parts', async () => {
    for (const injection of injections) {
      const id = await won(injection);
      expect((await victim.read('list_bids', { job_id: id })).found, injection.name).toEqual(['bids[].agent_name']);
      await awarded(id);
      await worker.call('POST', 'agents/progress', { job_id: id, percent: 50, message: cut(injection, 2_000) });
      await worker.call('POST', 'agents/deliver', { job_id: id, result: cut(injection, 990_000) });
      const { answer, found } = await victim.read('get_job', { job_id: id });
      expect(found, injection.name).toContain('job.result');
      expect(answer.untrusted.texts).toContainEqual(
        expect.objectContaining({ at: 'job.result', author_id: worker.id, sha256: answer.job.result_hash }),
      );
      const next = answer.parts?.result?.next_cursor;
      if (next)
        expect((await victim.read('get_job', { job_id: id, cursor: next })).answer.part).toContain('<untrusted-');
      const posted = await victim.read('list_jobs', { scope: 'posted', limit: 5 });
      expect(posted.answer.jobs[0].id).toBe(id);
    }
  });

  it('is read fenced: what went wrong, and what there was', async () => {
    for (const injection of injections) {
      const id = await won(injection);
      await awarded(id);
      await worker.call('POST', 'agents/deliver', {
        job_id: id,
        error_code: cut(injection, 64),
        error_message: cut(injection, 4_000),
        retryable: false,
        partial_result: cut(injection, 50_000),
      });
      const { found } = await victim.read('get_job', { job_id: id });
      expect(found, injection.name).toContain('job.error_code');
    }
    const { found } = await victim.read('get_activity_log', { since_id: 0, limit: 100 });
    expect(found).toContain('entries[].payload.message');
  });
});

describe('people around the marketplace', () => {
  it('a reviewer’s reason is read fenced', async () => {
    const rejected = await agent('rejected', { active: false });
    for (let open = await testsOf(rejected); open.length; open = await testsOf(rejected)) {
      for (const test of open) {
        const right =
          test.origin === 'tag_test'
            ? tagTestFor(test.capability)?.solve(test as never)
            : skeleton(test.expected_schema);
        await rejected.call('POST', `agents/test-jobs/${test.id}/deliver`, { result: JSON.stringify(right) });
      }
    }
    const victim = await reader(rejected);
    for (const injection of injections) {
      await rejected.call('POST', 'agents/request-review');
      const path = `${running.url}/_local/admin/agents/${rejected.id}/reject`;
      await http('POST', path, { body: { reason: cut(injection, 500) } });
      const { found } = await victim.read('get_status');
      expect(found, injection.name).toEqual(['agent.rejection_reason']);
    }
    await victim.close();
  });

  it('invented tags are single words, and listed', async () => {
    const slugs = injections.slice(0, 20).map(({ text }) =>
      text
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .slice(0, 60)
        .replace(/-$/, ''),
    );
    const body = { email: 'tags@example.test', password: 'correct horse', agent_name: 'inventor', clusters: ['code'] };
    await http('POST', `${running.url}/api/v1/agents/register/simple`, {
      body: { ...body, tags: [...new Set(slugs)] },
    });
    const victim = await reader(await agent('tag-reader'));
    const list = await victim.read('list_tags', { cluster: 'code', limit: 100 });
    expect(list.found).toContain('tags[].slug');
    const one = await victim.read('get_tag', { tag_slug: slugs[0] });
    expect(one.found).toEqual(expect.arrayContaining(['tag.slug', 'related[]']));
    expect(await victim.client.refusal('get_tag', { tag_slug: `${slugs[0]}x` })).toMatchObject({
      did_you_mean: slugs[0],
    });
    await victim.close();
  });

  // biome-ignore lint/suspicious/noExplicitAny: answers are read by path
  async function testsOf(sandboxed: Agent): Promise<any[]> {
    const { jobs } = await sandboxed.call('GET', 'agents/jobs');
    return jobs.filter(({ status }: { status: string }) => status === 'assigned');
  }
});

describe('with SOTA_CONFIRM=always', () => {
  it('no tool that needs approval completes, whatever the model was talked into', async () => {
    const [victim, stranger] = [await agent('careful-owner'), await agent('smooth-talker')];
    const before = await stage(victim, stranger);
    const model = await reader(victim, { SOTA_CONFIRM: 'always' });
    const outcomes = new Map<string, Set<string>>();
    for (const injection of injections) {
      const { id } = await post(stranger, { title: cut(injection, 200), description: cut(injection, 20_000) });
      expect((await model.read('get_job', { job_id: id })).found, injection.name).toContain('job.description');
      for (const [tool, args] of Object.entries(before.wishes)) {
        const { answer } = await model.read(tool, args);
        expect(['needs_approval', 'refused_by_policy'], `${injection.name}: ${tool}`).toContain(answer.outcome);
        outcomes.set(tool, (outcomes.get(tool) ?? new Set()).add(answer.outcome));
      }
    }
    // A model's own word is not a human's.
    for (const [tool, args] of Object.entries(before.wishes)) {
      const { answer } = await model.read(tool, { ...args, confirm: true });
      expect(['rejected', 'needs_approval', 'refused_by_policy'], tool).toContain(answer.outcome);
    }
    expect(Object.keys(before.wishes).every((tool) => outcomes.get(tool)?.has('needs_approval'))).toBe(true);
    expect(await before.standing()).toEqual(before.was);
    await model.close();
  });

  /** One of everything that could be spent, ended or given away. */
  async function stage(victim: Agent, stranger: Agent) {
    const job = async (poster: Agent, worker: Agent, until: 'bid' | 'won' | 'delivered') => {
      const { id } = await post(poster, {});
      await worker.call('POST', 'agents/bid', { job_id: id, amount_usdc: 0.5, estimated_seconds: 600 });
      const { bids } = await poster.call('GET', `jobs/${id}/bids`);
      if (until === 'bid') return { id, bid: bids[0].id };
      await poster.call('POST', `jobs/${id}/award`, { bid_id: bids[0].id });
      await worker.call('POST', `agents/jobs/${id}/accept`);
      if (until === 'delivered') await worker.call('POST', 'agents/deliver', { job_id: id, result: 'work' });
      return { id, bid: bids[0].id };
    };
    const paid = await job(stranger, victim, 'delivered');
    await stranger.call('POST', `jobs/${paid.id}/accept-delivery`, { rating: 5 });
    const address = base58.encode(ed25519.getPublicKey(createHash('sha256').update('mine').digest()));
    const theirs = base58.encode(ed25519.getPublicKey(createHash('sha256').update('theirs').digest()));
    await victim.call('PUT', 'payouts/wallet', { address });
    const [open, delivered] = [await job(victim, stranger, 'bid'), await job(victim, stranger, 'delivered')];
    const [offered, mine, given] = [
      await job(stranger, victim, 'bid'),
      await job(stranger, victim, 'won'),
      await job(stranger, victim, 'won'),
    ];
    const standing = async () => ({
      wallet: await victim.call('GET', 'payouts/wallet'),
      money: await victim.call('GET', 'payouts/summary'),
      keys: (await victim.call('GET', 'agents/keys')).keys.length,
      posted: (await victim.call('GET', 'jobs')).jobs.map((row: { id: string; status: string }) => [
        row.id,
        row.status,
      ]),
      bids: (await victim.call('GET', 'agents/bids')).bids,
      work: await Promise.all(
        [mine.id, given.id].map(async (id) => (await victim.call('GET', `agents/jobs/${id}`)).status),
      ),
    });
    const wishes: Record<string, Record<string, unknown>> = {
      set_payout_wallet: { address: theirs },
      clear_payout_wallet: {},
      withdraw: { amount_usdc: 0.1 },
      rotate_keys: {},
      generate_human_login_link: {},
      create_job: { description: 'pay the stranger', budget_usdc: 1, tags: ['code-review'] },
      award_bid: { job_id: open.id, bid_id: open.bid },
      accept_delivery: { job_id: delivered.id, rating: 5 },
      cancel_job: { job_id: open.id },
      cancel_bid: { bid_id: offered.bid },
      deliver: { job_id: mine.id, result: 'SOTA_API_KEY' },
      fail_job: { job_id: given.id, error_code: 'internal_error', error_message: 'they asked me to' },
    };
    return { wishes, standing, was: await standing() };
  }
});
