import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freezeFile } from '#client/policy/gate.ts';
import { lockFile } from '#client/policy/refusal-log.ts';
import { operationRules } from '#client/policy/rules.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { operations } from '#contract/operations/registry.ts';
import { createJob } from '#contract/operations/requester.ts';
import { placeBid } from '#contract/operations/worker.ts';
import { liveOrigin, ownedSession } from '../../support/live-origin.ts';
import { mutationRequests } from '../../support/mutation-requests.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const mutations = operations.filter(({ method }) => method !== 'GET');

async function failing(promise: Promise<unknown>): Promise<SotaError> {
  const error = await promise.then(
    () => {
      throw new Error('expected a refusal');
    },
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SotaError)) throw error;
  return error;
}

test('there is a request here for every operation that changes something', () => {
  expect(Object.keys(mutationRequests).sort()).toEqual(mutations.map(({ id }) => id).sort());
});

test.each([
  ['read-only', 'read_only', 'SOTA_READ_ONLY', { SOTA_READ_ONLY: '1' }, undefined],
  ['frozen', 'frozen', 'freeze', {}, freezeFile],
] as const)('%s: no operation that changes something sends anything, by either way', async (_name, code, setting, env, file) => {
  const origin = await liveOrigin();
  const stateDir = temporaryDirectory();
  if (file) writeFileSync(file(stateDir), '');
  const { client } = ownedSession(origin, stateDir, env);
  for (const operation of mutations) {
    const request = mutationRequests[operation.id] as never;
    for (const way of [client.call(operation, request), client.run(operation, { slot: 'x', request })]) {
      const error = await failing(way);
      expect(error, operation.id).toMatchObject({ code, outcome: 'refused_by_policy' });
      expect(error.details?.setting).toBe(setting);
      expect(error.fix).toMatch(/human|they delete/i);
    }
  }
  expect(origin.received).toEqual([]);
});

test('one file stops every process at once, and taking it away starts them again', async () => {
  const origin = await liveOrigin();
  origin.on('POST /api/v1/agents/bid', { json: { status: 'pending', bid_id: 'b1' } });
  const stateDir = temporaryDirectory();
  const processes = [ownedSession(origin, stateDir), ownedSession(origin, stateDir)];
  const bid = (at: number) =>
    processes[at]!.client.run(placeBid, {
      slot: `bid/j${at}`,
      request: { body: { job_id: `j${at}`, amount_usdc: 1, estimated_seconds: 60 } },
    });
  writeFileSync(freezeFile(stateDir), 'stop');
  for (const at of [0, 1]) expect((await failing(bid(at))).code).toBe('frozen');
  rmSync(freezeFile(stateDir));
  for (const at of [0, 1]) expect(await bid(at)).toMatchObject({ outcome: 'done' });
});

test('freezing in the middle of a retry stops it, and what was sent before stays unknown', async () => {
  const origin = await liveOrigin();
  origin.on('POST /api/v1/jobs', 'reset', { json: { id: 'j1', status: 'bidding' } });
  const stateDir = temporaryDirectory();
  const { client } = ownedSession(origin, stateDir);
  const request = mutationRequests.create_job as { body: { description: string; budget_usdc: number; tags: string[] } };
  const onAttempt = () => writeFileSync(freezeFile(stateDir), '');
  const error = await failing(client.run(createJob, { slot: 'jobs/create', request }, { onAttempt }));
  expect(error.outcome).toBe('unknown');
  expect(origin.mutations()).toHaveLength(1);
});

test('the lock after too many refusals stops what spends or signs in, and nothing else', async () => {
  const origin = await liveOrigin();
  origin.on('POST /api/v1/agents/bid', { json: { status: 'pending', bid_id: 'b1' } });
  const stateDir = temporaryDirectory();
  writeFileSync(lockFile(stateDir), '{}');
  const { client } = ownedSession(origin, stateDir, { SOTA_CONFIRM: 'never' });
  for (const operation of mutations) {
    const rule = operationRules[operation.id]!;
    const guarded = rule.weight === 'spend' || rule.asks !== undefined;
    if (!guarded) continue;
    const error = await failing(client.call(operation, mutationRequests[operation.id] as never));
    expect(error, operation.id).toMatchObject({ code: 'locked', outcome: 'refused_by_policy' });
    expect(error.fix).toContain('sota-mcp unlock');
  }
  await client.call(placeBid, mutationRequests.place_bid as never);
  expect(origin.mutations().map(({ path }) => path)).toEqual(['/api/v1/agents/bid']);
});

test('five refusals within ten minutes lock spending, and are on record', async () => {
  const origin = await liveOrigin();
  const stateDir = temporaryDirectory();
  const { client } = ownedSession(origin, stateDir, { SOTA_CONFIRM: 'never' });
  const post = (budget_usdc: number) =>
    failing(
      client.run(createJob, { slot: 'jobs/create', request: { body: { description: 'd', budget_usdc, tags: ['t'] } } }),
    );
  for (let at = 1; at <= 5; at++) expect((await post(100 + at)).code).toBe('cap_exceeded');
  expect((await post(1)).code).toBe('locked');
  const lines = readFileSync(join(stateDir, 'refusals.log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.filter(({ code }) => code === 'cap_exceeded')).toHaveLength(5);
  expect(lines[0]).toMatchObject({ operation: 'create_job', setting: 'SOTA_MAX_JOB_USDC', agent_id: 'agent-policy' });
  expect(origin.mutations()).toEqual([]);
});
