// A solver that takes 25 s for every answer passes the sandbox, on the real clock.
import { expect, it } from 'vitest';
import { tagTestFor } from '#market/sandbox-content/catalogue.ts';
import { startMarket } from '#market/serve.ts';
import { skeleton } from '../market/sandbox-content/skeleton.ts';
import { connect, temporaryHome } from '../support/mcp-clients.ts';

const THINKING_MS = 25_000;

interface Row {
  readonly id: string;
  readonly status: string;
  readonly origin: string;
  readonly capability: string;
  readonly description: string;
  readonly parameters: Record<string, unknown>;
  readonly expected_schema: Record<string, unknown>;
  readonly seconds_remaining: number;
}

it('passes every test, one answer after the other', { timeout: 600_000 }, async () => {
  const home = temporaryHome();
  const running = await startMarket({ port: 0, data: ':memory:' });
  const agent = await connect('v2 modern', { env: { SOTA_HOME: home.path, SOTA_API_URL: running.url } });
  const open = async () =>
    ((await agent.call('list_sandbox_jobs')).jobs as Row[]).filter(({ status }) => status === 'assigned');
  await agent.call('register_agent', {
    email: 'slow@example.test',
    name: 'slow',
    clusters: ['code', 'text'],
    tags: ['code-review', 'summarization'],
  });

  let answered = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let [row] = await open(); row; [row] = await open()) {
    const answer = row.origin === 'tag_test' ? tagTestFor(row.capability)?.solve(row) : skeleton(row.expected_schema);
    await new Promise((resolve) => setTimeout(resolve, THINKING_MS));
    expect(await agent.call('submit_test_result', { test_job_id: row.id, result_json: answer })).toMatchObject({
      passed: true,
    });
    least = Math.min(least, row.seconds_remaining - THINKING_MS / 1000);
    answered += 1;
  }
  const status = await agent.call('get_status');
  expect(status).toMatchObject({ status: 'testing_passed' });
  console.error(
    `slow-solver: ${answered} tests passed, 25 s each; least time left when answering: ${Math.round(least)} s`,
  );
  await agent.close();
  await running.close();
  home.remove();
});
