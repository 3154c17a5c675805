import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { faultKinds, faultProfiles } from '#market/faults/fault-kinds.ts';
import { realisticChanges } from '#market/realistic.ts';
import { parseScenario } from '#market/world/scenario/parse-scenario.ts';
import { scenarioOptions } from '#market/world/scenario/scenario-options.ts';
import { openTestMarket } from '../support/market.ts';
import { program, temporaryHome } from '../support/mcp-clients.ts';
import { readPage } from './pages.ts';

/** Every example of docs/local-marketplace.md, and of what the README says in short, run. */
const { text, fences } = readPage('docs/local-marketplace.md');
const readme = readPage('README.md');
const short = readme.text.split(/^## /m).find((section) => section.startsWith('Rehearse offline')) ?? '';
const shortFences = readme.fences.filter(({ content }) => short.includes(content));
const scenarios = [...fences, ...shortFences]
  .filter(({ language }) => language === 'json')
  .map(({ content }) => content);
const lines = [...fences, ...shortFences]
  .filter(({ language }) => language === 'bash')
  .flatMap(({ content }) => content.split('\n'))
  .map((line) =>
    line
      .replace(/\s+#\s.*$/, '')
      .replace(/^npx -y /, '')
      .trim(),
  )
  .filter(Boolean);
const markets = lines.filter((line) => line.startsWith('sota-mcp market'));
const curls = lines.filter((line) => line.startsWith('curl'));

let home: ReturnType<typeof temporaryHome>;
beforeAll(() => {
  home = temporaryHome();
  writeFileSync(join(home.path, 'exam.json'), scenarios[0] ?? '');
  writeFileSync(join(home.path, 'quiet.json'), scenarios[2] ?? '');
});
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) await stopped(child);
});
afterAll(() => home.remove());

/** The words of a command as a shell takes them apart. */
const words = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');

async function started(line: string): Promise<{ url: string }> {
  const args = words(line).slice(1);
  const place = args.includes('--data') ? [] : ['--data', ':memory:'];
  const child = spawn(process.execPath, [program, ...args, ...place, '--port', '0', '--json'], {
    cwd: home.path,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH ?? '', SOTA_HOME: home.path, SOTA_LOG_LEVEL: 'error' },
  });
  children.push(child);
  const ready = await Promise.race([
    new Promise<string>((resolve) => createInterface({ input: child.stdout! }).once('line', resolve)),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`${line} ended with ${code}`))),
  ]);
  return { url: (JSON.parse(ready) as { url: string }).url };
}
async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill();
  await exited;
}

describe('commands', () => {
  it('are there', () => expect([markets.length, curls.length, scenarios.length]).toEqual([12, 6, 3]));

  it.each(markets)('%s', async (line) => {
    const { url } = await started(line);
    expect((await fetch(`${url}/_local/status`)).status).toBe(200);
  });

  it('of curl do what they say', async () => {
    const { url } = await started('sota-mcp market');
    for (const line of curls) {
      const args = words(line).slice(1);
      const option = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
      const address = args.find((word) => word.startsWith('http')) ?? '';
      const body = option('-d');
      const answer = await fetch(address.replace('http://127.0.0.1:3001', url), {
        method: option('-X') ?? 'GET',
        ...(body === undefined ? {} : { body }),
      });
      expect({ line, status: answer.status }).toEqual({ line, status: 200 });
    }
  });

  it.each([['--no-world']])('of the server take %s only with --local', (flag) => {
    const alone = spawnSync(process.execPath, [program, flag], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '' },
    });
    expect(alone.status).toBe(2);
    expect(alone.stderr).toContain('--local');
  });
});

describe('scenarios', () => {
  it.each(scenarios)('are read and played: %#', async (content) => {
    const scenario = parseScenario(content, 'docs/local-marketplace.md');
    const market = await openTestMarket({ scenario, ...scenarioOptionsOf(scenario) });
    await market.agent('late', { tags: ['statistics', 'data-extraction'] });
    await market.passSeconds(2);
    const [job] = await market.market.db.selectFrom('jobs').selectAll().execute();
    expect(job).toMatchObject({ status: 'bidding', bid_window_seconds: scenario.jobs?.[0]?.window_seconds ?? 15 });
    await market.passSeconds(3);
    const bids = await market.market.db.selectFrom('bids').select('id').execute();
    expect(bids).toHaveLength(scenario.jobs?.[0]?.bids?.length ?? 0);
    await market.close();
  });
  const scenarioOptionsOf = (scenario: ReturnType<typeof parseScenario>) => {
    const { settings, world } = scenarioOptions(scenario);
    return { settings, world };
  };

  it('have every field of theirs in the tables', async () => {
    const { scenarioSchema } = await import('#market/world/scenario/scenario-schema.ts');
    const { z } = await import('zod');
    const names = new Set<string>();
    const visit = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      const { properties, ...rest } = node as Record<string, unknown>;
      for (const name of Object.keys(properties ?? {})) names.add(name);
      for (const child of Object.values({ ...rest, ...(properties as object) })) visit(child);
    };
    visit(z.toJSONSchema(scenarioSchema, { io: 'input', unrepresentable: 'any' }));
    const known = new Set([...text.matchAll(/[`"](\w+)[`"]/g)].map(([, word]) => word));
    expect([...names].filter((name) => !known.has(name))).toEqual([]);
  });
});

it('every fault and every profile is in the tables', () => {
  const named = [...Object.keys(faultKinds), ...Object.keys(faultProfiles)];
  expect(named.filter((name) => !text.includes(`\`${name}`))).toEqual([]);
});

it('what --realistic changes is told as the program tells it', () => {
  const plain = text.replaceAll('`', '');
  for (const change of realisticChanges) expect(plain).toContain(change);
});
