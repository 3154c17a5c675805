import { describe, expect, it, onTestFinished } from 'vitest';
import { attachServers } from '#runner/attach-servers.ts';
import { AgentError } from '#runner/handlers/agent-error.ts';
import type { HandlerContext } from '#runner/handlers/handler-host.ts';
import type { JobView } from '#runner/handlers/job-view.ts';
import { http } from '../support/http.ts';
import { openTown, silent, startRunner } from '../support/runner.ts';

const dispatch = (job: JobView, ctx: HandlerContext) => {
  if (job.capability === 'bad') throw new AgentError('invalid_input', 'no');
  if (job.kind === 'job' && job.title === 'ask') ctx.requireApproval('a word');
  ctx.progress(10, 'began');
  ctx.log('a line');
  return { got: job.parameters };
};

async function served() {
  const town = await openTown();
  const { key } = await town.agent('healthy');
  const started = await startRunner({ ...town, key, exports: { dispatch }, heartbeatIntervalMs: 1000 });
  const options = { healthPort: 0, webhookSecrets: [], statePath: started.state.path, log: silent };
  const servers = await attachServers(started.runner, options);
  onTestFinished(() => servers.close());
  return { ...started, town, url: servers.healthUrl ?? '' };
}

describe('the health port', () => {
  it('tells alive from ready, and counts', async () => {
    const { url, seen, end, town } = await served();
    await seen('polled');
    await expect.poll(async () => (await http('GET', `${url}/readyz`)).status).toBe(200);
    const id = await town.post({});
    await seen('settled', ({ job }) => job.id === id);
    const { body } = await http('GET', `${url}/metrics`);
    expect(body).toMatch(/^sota_runner_settled_total\{kind="job",outcome="delivered"\} 1$/m);
    expect(body).toMatch(/^sota_runner_handler_seconds_count 1$/m);
    expect(body).toMatch(/^sota_runner_last_heartbeat_timestamp_seconds [1-9]/m);
    await end();
    expect(await http('GET', `${url}/readyz`)).toMatchObject({ status: 503, body: { because: 'draining' } });
    expect((await http('GET', `${url}/healthz`)).status).toBe(200);
  });

  it('runs one job, at once or as a stream', async () => {
    const { url } = await served();
    const body = { capability: 'x', parameters: { a: 1 } };
    expect((await http('POST', `${url}/invoke`, { body })).body).toEqual({ result: { got: { a: 1 } } });
    const failed = await http('POST', `${url}/invoke`, { body: { capability: 'bad' } });
    expect(failed).toMatchObject({ status: 422, body: { error: { error_code: 'invalid_input' } } });
    expect((await http('POST', `${url}/invoke`, { text: 'no job' })).status).toBe(400);
    const stream = (await http('POST', `${url}/invoke/stream`, { body })).body as string;
    expect([...stream.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name)).toEqual([
      'progress',
      'log',
      'result',
      'done',
    ]);
  });

  it('lets a person agree to a parked job, and no web page', async () => {
    const { url, seen, town } = await served();
    const id = await town.post({ title: 'ask' });
    await seen('parked');
    expect((await http('POST', `${url}/resume/other`)).status).toBe(404);
    expect((await http('POST', `${url}/resume/${id}`, { headers: { origin: 'https://evil.test' } })).status).toBe(403);
    expect((await http('POST', `${url}/resume/${id}`)).body).toEqual({ resumed: true });
    await seen('settled');
    expect(await town.job(id)).toMatchObject({ status: 'completed' });
  });
});
