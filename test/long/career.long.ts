// A fresh agent earns in a realistic world on the real clock, on a good day and when one answer in ten is lost.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { liveCareer } from '../support/career.ts';
import { http } from '../support/http.ts';
import { connect, program, temporaryHome } from '../support/mcp-clients.ts';

async function startMarketplace(...args: string[]): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [program, 'market', '--port', '0', '--data', ':memory:', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH ?? '', SOTA_LOG_LEVEL: 'error' },
  });
  const line = await new Promise<string>((resolve) => createInterface({ input: child.stdout! }).once('line', resolve));
  return { child, url: (JSON.parse(line) as { url: string }).url };
}

it.each([
  ['a good day', []],
  ['a lossy day', ['--faults', 'lossy']],
  ['a bad day', ['--faults', 'flaky']],
])('%s', { timeout: 1_500_000 }, async (day, faults) => {
  const { child, url } = await startMarketplace('--world', '--traffic', '360', '--realistic', '--seed', day, ...faults);
  const home = temporaryHome();
  const client = await connect('v2 modern', { env: { SOTA_HOME: home.path, SOTA_API_URL: url } });
  const started = Date.now();
  const end = await liveCareer(
    client,
    {
      seconds: (count) => new Promise((resolve) => setTimeout(resolve, count * 1000)),
      async hours(count) {
        expect((await http('POST', `${url}/_local/clock/advance`, { body: { seconds: count * 3600 } })).status).toBe(
          200,
        );
      },
    },
    4,
  );
  expect(end.withdrawnUsdc).toBe(end.earnedUsdc);
  expect(end.earnedUsdc).toBeGreaterThan(0);
  expect((await http('GET', `${url}/_local/audit`)).body).toEqual({ violations: [] });
  const struck = (await http('GET', `${url}/_local/faults`)).body.faults as { rule: string; struck: number }[];
  const spoiled = struck.reduce((sum, fault) => sum + fault.struck, 0);
  console.error(
    `career, ${day}: ${end.jobsDelivered} jobs, ${end.withdrawnUsdc} USDC withdrawn, ${spoiled} requests spoiled, ` +
      `${Math.round((Date.now() - started) / 1000)} s`,
  );
  await client.close();
  child.kill();
  await once(child, 'exit');
  home.remove();
});
