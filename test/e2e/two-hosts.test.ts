import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryHome } from '../support/mcp-clients.ts';
import { initialize, type RawServer, spawnServer } from '../support/raw-server.ts';

/** Two hosts with `--local` on one state folder: one marketplace, whoever lives. */
let home: ReturnType<typeof temporaryHome>;
const hosts: RawServer[] = [];
beforeEach(() => {
  home = temporaryHome();
});
afterEach(async () => {
  for (const host of hosts.splice(0)) {
    if (host.child.exitCode === null && host.child.signalCode === null) host.child.kill('SIGKILL');
    await host.exited;
  }
  home.remove();
});

async function host(): Promise<RawServer> {
  const server = spawnServer({ args: ['--local'], env: { SOTA_HOME: home.path, SOTA_LOG_LEVEL: 'error' } });
  hosts.push(server);
  await server.request('initialize', initialize);
  return server;
}

async function call(
  server: RawServer,
  name: string,
  args: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const { result } = await server.request('tools/call', { name, arguments: args });
  if (result?.isError) throw new Error(JSON.stringify(result.content));
  return result?.structuredContent as Record<string, unknown>;
}

describe('two hosts', () => {
  it('share one marketplace and one agent, and the second carries on when the first is killed', async () => {
    const [first, second] = [await host(), await host()];
    const one = await call(first, 'get_status');
    const two = await call(second, 'get_status');
    expect(two.agent).toEqual(one.agent);
    expect(one).toMatchObject({
      marketplace: { local: true, note: expect.stringContaining('was registered by this server') },
    });

    const posted = await call(first, 'create_job', {
      description: 'survive',
      budget_usdc: 5,
      tags: ['code-review'],
      bid_window_seconds: 3600,
    });
    expect(JSON.stringify(await call(second, 'list_jobs', { scope: 'posted' }))).toContain(String(posted.job_id));

    first.child.kill('SIGKILL');
    await first.exited;
    const after = await call(second, 'list_jobs', { scope: 'posted' });
    expect(JSON.stringify(after)).toContain(String(posted.job_id));

    const third = await host();
    expect(JSON.stringify(await call(third, 'list_jobs', { scope: 'posted' }))).toContain(String(posted.job_id));
  });

  it('started at the same moment agree on one owner', async () => {
    const servers = await Promise.all([host(), host(), host()]);
    const statuses = await Promise.all(servers.map((server) => call(server, 'get_status')));
    const agents = new Set(statuses.map((status) => JSON.stringify((status.agent as { id: string }).id)));
    expect(agents.size).toBe(1);
  });
});
