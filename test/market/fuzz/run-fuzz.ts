import fc from 'fast-check';
import { sql } from 'kysely';
import type { Operation } from '#contract/define-operation.ts';
import { errorCatalogue } from '#contract/errors/catalogue.ts';
import { operationById } from '#contract/operations/registry.ts';
import { allRoutes } from '#market/http/all-routes.ts';
import { openApiDocument } from '#market/http/openapi.ts';
import { startMarket } from '#market/serve.ts';
import type { Database } from '#market/storage/database.ts';
import { http } from '../../support/http.ts';
import { manualClock, type TestAgent } from '../../support/market.ts';
import { type FuzzRequest, fill, type Pools, requestsFrom } from './requests.ts';

export interface FuzzReport {
  readonly requests: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Operations that answered 200 at least once. */
  readonly succeeded: ReadonlySet<string>;
  readonly operations: number;
}

/** Not part of the fuzz: what breaks answers on purpose, and what would move time past every deadline. */
const LEFT_OUT = new Set(['local_add_faults', 'local_clear_faults', 'local_list_faults', 'local_advance']);
/** Codes any operation may give. */
const GENERAL = [
  'bad_request',
  'validation_error',
  'payload_too_large',
  'not_found',
  'method_not_allowed',
  'forbidden',
];
const HANG_MS = 20_000;

/**
 * Sends generated requests to a marketplace of its own, one after the other, and checks each answer: never a 500, never
 * silence, an error the catalogue knows and the operation declares, a success of the declared shape, and, after a 4xx,
 * nothing changed but what is meant to: signs of life, kept answers, the verdict on a test.
 */
export async function runFuzz({ requests, seed }: { requests: number; seed: number }): Promise<FuzzReport> {
  const served = allRoutes(undefined)
    .map(({ operation }) => operation)
    .filter(({ id }) => !LEFT_OUT.has(id));
  const generated = requestsFrom(openApiDocument(served, 'http://market.test'));
  // The first ones take seconds of pure computing, in which a connection of this very process would be given up.
  fc.sample(generated, { numRuns: 200, seed: 1 });
  const clock = manualClock();
  const { url, market, close } = await startMarket({
    port: 0,
    data: ':memory:',
    clock,
    // Addresses are made up: nothing may leave this machine.
    send: async () => ({ delivered: true, result: 'HTTP 200' }),
    settings: {
      rateLimits: { registrationsPerMinute: 0, signInsPerMinute: 0, perEmailPerMinute: 0 },
      reviewer: { decision: 'manual', delayMs: 0 },
      welcomeCredit: 1_000_000_000n,
    },
  });
  const byId = new Map(served.map((operation) => [operation.id, operation]));
  const refresh = await populate(url, market.db);
  let pools = await refresh();
  const watched = await watchChanges(market.db);
  const byStatus: Record<string, number> = {};
  const succeeded = new Set<string>();
  /** Nothing happens by itself any more: what fell due is settled and what was to be sent is sent. */
  const quiet = async () => {
    await market.settleDue();
    await market.context.webhooks.idle();
  };
  const problems = new Map<string, string>();
  let sent = 0;
  try {
    await fc.assert(
      fc.asyncProperty(generated, async (drawn) => {
        sent += 1;
        if (sent % 20 === 0) {
          // Windows close and deadlines pass, so that the requests meet every state.
          clock.forward(7_000);
          pools = await refresh();
        }
        const request = fill(drawn, pools);
        await quiet();
        const before = await watched();
        const answer = await send(url, request);
        await quiet();
        byStatus[answer.status] = (byStatus[answer.status] ?? 0) + 1;
        if (answer.status === 200) succeeded.add(request.operationId);
        const operation = byId.get(request.operationId);
        const found = operation ? judge(operation, answer) : ['no such operation'];
        if (answer.status >= 400 && !isVerdict(answer)) {
          const changed = changesBetween(before, await watched(), answer.status);
          if (changed.length) found.push(`${answer.status}, yet changed: ${changed.join(', ')}`);
        }
        for (const problem of found) {
          const title = `${request.operationId}: ${problem}`;
          if (!problems.has(title))
            problems.set(title, JSON.stringify({ request, answer: answer.body }).slice(0, 2000));
        }
      }),
      { numRuns: requests, seed, endOnFailure: true },
    );
    // All kinds at once, one example of each: shrinking would not help, because the state has moved on.
    if (problems.size) throw new Error([...problems].map((problem) => problem.join('\n  ')).join('\n'));
    const { violations } = (await http('GET', `${url}/_local/audit`)).body;
    if (violations.length) throw new Error(`The books do not add up: ${violations.join('; ')}`);
    return { requests: sent, byStatus, succeeded, operations: served.length };
  } finally {
    await close();
  }
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  readonly body: any;
}

async function send(url: string, { method, target, headers, body }: FuzzRequest): Promise<Answer> {
  const answer = await fetch(url + target, {
    method,
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(HANG_MS),
    ...(body === undefined ? {} : { body }),
  });
  const text = await answer.text();
  const contentType = answer.headers.get('content-type') ?? '';
  return {
    status: answer.status,
    contentType,
    body: contentType.startsWith('application/json') ? JSON.parse(text) : text,
  };
}

/** What is wrong with an answer, in words that do not depend on the request. */
function judge(operation: Operation, { status, contentType, body }: Answer): string[] {
  if (status === 200) {
    const produced = operation.produces ?? 'application/json';
    if (!contentType.startsWith(produced)) return [`200 with ${contentType} instead of ${produced}`];
    const parsed = operation.response.safeParse(body);
    return parsed.success ? [] : [`200 of another shape: ${parsed.error.message}`];
  }
  if (status >= 500) return [`${status}`];
  if (contentType.startsWith('text/html')) return [];
  const code = codeOf({ status, contentType, body });
  const entry = (errorCatalogue as Record<string, { status: number }>)[code];
  if (entry?.status !== status) return [`${status} with the code ${code}`];
  // What only a local marketplace has declares its codes loosely.
  const isDeclared = GENERAL.includes(code) || (operation.errors as readonly string[]).includes(code);
  return isDeclared || !operationById(operation.id) ? [] : [`answers ${code}, which it does not declare`];
}

function codeOf(answer: Answer): string {
  if (isVerdict(answer)) return answer.body.code;
  const { detail } = answer.body;
  return Array.isArray(detail) ? 'validation_error' : detail?.error;
}

function isVerdict({ status, body }: Answer): boolean {
  return status === 422 && body?.passed === false;
}

type Changes = ReadonlyMap<string, number>;

/** Counts writes by table in the database itself: what is rolled back is not counted. */
async function watchChanges(db: Database): Promise<() => Promise<Changes>> {
  await sql`create table fuzz_changes (name text primary key, writes integer not null)`.execute(db);
  const tables = (await db.introspection.getTables()).filter(({ name }) => name !== 'fuzz_changes');
  const count = (name: string) => `begin update fuzz_changes set writes = writes + 1 where name = '${name}'; end`;
  for (const { name, columns } of tables) {
    await sql`insert into fuzz_changes values (${name}, 0)`.execute(db);
    // When somebody was last seen is no state of the marketplace.
    const lasting = columns.map((column) => column.name).filter((column) => !column.startsWith('last_'));
    await sql.raw(`create trigger fuzz_i_${name} after insert on "${name}" ${count(name)}`).execute(db);
    await sql.raw(`create trigger fuzz_d_${name} after delete on "${name}" ${count(name)}`).execute(db);
    await sql
      .raw(
        `create trigger fuzz_u_${name} after update of ${lasting.map((column) => `"${column}"`).join(', ')} on "${name}" ${count(name)}`,
      )
      .execute(db);
  }
  return async () => {
    const { rows } = await sql<{ name: string; writes: number }>`select name, writes from fuzz_changes`.execute(db);
    return new Map(rows.map(({ name, writes }) => [name, writes]));
  };
}

function changesBetween(before: Changes, after: Changes, status: number): string[] {
  return [...after.keys()].filter((name) => {
    if (name === 'idempotency') return false;
    // Finding that time is up is a verdict on the test, written down whatever is answered.
    if (name === 'test_jobs' && status === 409) return false;
    return before.get(name) !== after.get(name);
  });
}

/** Agents, owners, and jobs in every state. Returns how to look up what there is. */
async function populate(url: string, db: Database): Promise<() => Promise<Pools>> {
  const api = `${url}/api/v1`;
  const agent = async (name: string, tag: string, active: boolean): Promise<TestAgent> => {
    const body = { email: `${name}@example.test`, password: 'correct horse', agent_name: name, capabilities: [tag] };
    const { api_key: key, agent_id: id } = (await http('POST', `${api}/agents/register/simple`, { body })).body;
    if (active) await http('POST', `${url}/_local/admin/agents/${id}/activate`, { body: {} });
    return { id, key, call: (method, path, sent) => http(method, `${api}/${path}`, { key, body: sent }) };
  };
  const worker = await agent('worker', 'code-review', true);
  const requester = await agent('requester', 'code-review', true);
  const sandboxed = await agent('sandboxed', 'code-review', false);
  for (const selection of ['auto', 'manual', 'manual', 'manual', 'manual', 'manual', 'manual']) {
    const body = { description: 'd', budget_usdc: 9, tags: ['code-review'], selection, bid_window_seconds: 3600 };
    await requester.call('POST', 'jobs', body);
  }
  const jobs: string[] = (await requester.call('GET', 'jobs')).body.jobs.map((job: { id: string }) => job.id);
  const reach = ['assigned', 'executing', 'completed', 'disputed', 'released'];
  for (const [index, state] of reach.entries()) {
    const job = jobs[index];
    const { bid_id } = (
      await worker.call('POST', 'agents/bid', { job_id: job, amount_usdc: 8, estimated_seconds: 3600 })
    ).body;
    await requester.call('POST', `jobs/${job}/award`, { bid_id });
    if (state === 'assigned') continue;
    await worker.call('POST', `agents/jobs/${job}/accept`);
    if (state === 'executing') continue;
    await worker.call('POST', 'agents/deliver', { job_id: job, result: '{}' });
    if (state === 'disputed') await requester.call('POST', `jobs/${job}/accept-delivery`, { rating: 1 });
    if (state === 'released') await requester.call('POST', `jobs/${job}/accept-delivery`, { rating: 5 });
  }
  await worker.call('POST', 'agents/bid', { job_id: jobs[5], amount_usdc: 8, estimated_seconds: 3600 });
  await worker.call('PUT', 'payouts/wallet', { address: '9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM' });
  await sandboxed.call('GET', 'agents/jobs');

  const tokens: string[] = [];
  const codes: string[] = [];
  for (const email of ['worker@example.test', 'requester@example.test', 'owner@example.test']) {
    const { device_code, user_code } = (await http('POST', `${api}/auth/device-code`)).body;
    const form = new URLSearchParams({ code: user_code, decision: 'approve', email, password: 'correct horse' });
    await http('POST', `${url}/verify`, { text: form.toString() });
    const { access_token, refresh_token } = (await http('POST', `${api}/auth/device-poll`, { body: { device_code } }))
      .body;
    tokens.push(access_token, refresh_token);
    codes.push(device_code, user_code);
  }
  const waiting = (await http('POST', `${api}/auth/device-code`)).body;
  const latest = async (table: 'jobs' | 'bids' | 'api_keys' | 'test_jobs' | 'agents', order: 'seq' | 'created_at') => {
    const rows = await db
      .selectFrom(table as 'agents')
      .select('id')
      .orderBy(order as 'created_at', 'desc')
      .limit(15)
      .execute();
    return rows.map((row) => row.id);
  };
  const ours = [worker, requester, sandboxed];
  return async () => {
    // Whatever the requests did to them, the callers can go on calling.
    await db.updateTable('api_keys').set({ revoked_at: null, expires_at: null }).execute();
    await db.updateTable('owner_tokens').set({ revoked_at: null }).execute();
    await db.updateTable('agents').set({ status: 'active' }).where('id', 'in', [worker.id, requester.id]).execute();
    return {
      job_id: [...jobs, ...(await latest('jobs', 'seq'))],
      bid_id: await latest('bids', 'seq'),
      key_id: await latest('api_keys', 'created_at'),
      test_job_id: await latest('test_jobs', 'created_at'),
      agent_id: [...ours.map(({ id }) => id), ...(await latest('agents', 'created_at'))],
      device_code: [...codes, waiting.device_code, waiting.user_code],
      code: [...codes, waiting.user_code],
      recovery_token: ['rec_none'],
      key: ours.map(({ key }) => key),
      token: tokens,
      tag: ['code-review', 'code-review', 'summarization', 'translation'],
      cluster: ['code', 'text'],
    };
  };
}
