import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http } from '../support/http.ts';
import { program, temporaryHome } from '../support/mcp-clients.ts';
import { type PostgresServer, startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { readPage } from './pages.ts';

/** Every example of docs/postgresql.md, run in the order of the page, over databases of the names it uses. */
const lines = readPage('docs/postgresql.md')
  .fences.filter(({ language }) => language === 'bash')
  .flatMap(({ content }) => content.trim().split('\n'));
const missing = whyNoPostgres();

let server: PostgresServer;
let home: ReturnType<typeof temporaryHome>;
beforeAll(async () => {
  home = temporaryHome();
  if (missing !== undefined) return;
  server = await startPostgres();
  for (const name of ['sota', 'sota_copy', 'sota_team']) await server.createDatabase(name);
});
afterAll(async () => {
  home.remove();
  await server?.stop();
});

/** The page's addresses are those of the server of this test. */
const argumentsOf = (line: string): string[] =>
  line
    .split(/\s+/)
    .slice(1)
    .map((word) => word.replace(/^postgres:\/\/.*\/(\w+)$/, (_, name: string) => server.url(name)));

function run(line: string, ...more: string[]) {
  const child = spawn(process.execPath, [program, ...argumentsOf(line), ...more], {
    cwd: home.path,
    env: { PATH: process.env.PATH ?? '', SOTA_HOME: home.path, SOTA_LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output };
}

async function serve(line: string) {
  const { child, output } = run(line, '--json', '--port', '0');
  const first = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([text]) => text as string),
    once(child, 'exit').then(() => Promise.reject(new Error(output()))),
  ]);
  return {
    url: (JSON.parse(first) as { url: string }).url,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function finish(line: string): Promise<string> {
  const { child, output } = run(line);
  const [code] = (await once(child, 'exit')) as [number];
  expect({ line, code, output: output() }).toMatchObject({ code: 0 });
  return output();
}

describe('the page about PostgreSQL', () => {
  it('has examples of serving, exporting and importing', () => {
    expect(lines.map((line) => line.split(' ')[2]).sort()).toEqual([
      '--database-url',
      '--database-url',
      'export',
      'export',
      'import',
      'import',
    ]);
  });

  it.skipIf(missing !== undefined)(
    'serves one marketplace from two processes, keeps it, copies it, and moves one in',
    async () => {
      const [one, other] = [await serve(lines[0]!), await serve(lines[1]!)];
      const registration = {
        email: 'a@example.test',
        password: 'correct horse',
        agent_name: 'a',
        capabilities: ['code-review'],
      };
      const { body } = await http('POST', `${one.url}/api/v1/agents/register/simple`, { body: registration });
      const me = (url: string) => http('GET', `${url}/api/v1/agents/me`, { key: body.api_key });
      expect((await me(other.url)).body).toMatchObject({ name: 'a', status: 'sandbox' });
      await http('POST', `${one.url}/_local/clock/advance`, { body: { seconds: 3600 } });
      await expect
        .poll(async () => {
          const { virtual_time, real_time } = (await http('GET', `${other.url}/_local/status`)).body;
          return Math.round((Date.parse(virtual_time) - Date.parse(real_time)) / 1000);
        })
        .toBe(3600);

      expect(await finish(lines[2]!)).toMatch(/^Exported \d+ rows/);
      await one.stop();
      await other.stop();
      expect(await finish(lines[3]!)).toMatch(/^Imported \d+ rows/);
      const copy = await serve('sota-mcp market --database-url postgres://x/sota_copy');
      expect((await me(copy.url)).body).toMatchObject({ name: 'a' });
      await copy.stop();

      const folder = await serve('sota-mcp market');
      const { body: local } = await http('POST', `${folder.url}/api/v1/agents/register/simple`, { body: registration });
      await folder.stop();
      await finish(lines[4]!);
      await finish(lines[5]!);
      const team = await serve('sota-mcp market --database-url postgres://x/sota_team');
      expect((await http('GET', `${team.url}/api/v1/agents/me`, { key: local.api_key })).status).toBe(200);
      await team.stop();
    },
    120_000,
  );
});
