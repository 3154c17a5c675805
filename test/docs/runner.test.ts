import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readHandlers } from '#runner/handlers/read-handlers.ts';
import { program as server } from '../support/mcp-clients.ts';
import { openTown } from '../support/runner.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { readPage, root } from './pages.ts';

/** Every example of docs/runner.md and docs/sdk.md, run or compiled. */
const page = readPage('docs/runner.md');
const sdk = readPage('docs/sdk.md');
const program = join(dirname(server), 'sota-runner.js');
const fencesOf = (language: string) => page.fences.filter((fence) => fence.language === language);
const commands = fencesOf('bash').map(({ content }) =>
  content
    .split('\n')
    .map((line) => line.replace(/\s+#\s.*$/, '').trim())
    .filter(Boolean),
);
const hasPython = spawnSync('python3', ['--version']).status === 0;

/** The words of a command as a shell takes them apart. */
const words = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '').slice(1);

function environment(home: string): Record<string, string> {
  return { PATH: process.env.PATH ?? '', SOTA_HOME: join(home, '.home') };
}

/** Runs the lines one after the other; `cd` moves. Gives what the last one wrote. */
async function runAll(lines: readonly string[], start = temporaryDirectory()): Promise<string> {
  let cwd = start;
  let last = '';
  for (const line of lines) {
    if (line.startsWith('cd ')) cwd = join(cwd, line.slice(3));
    else {
      const port = line.startsWith('sota-runner dev') ? ['--port', '0'] : [];
      const args = [program, ...words(line), ...port];
      last = (await promisify(execFile)(process.execPath, args, { cwd, env: environment(start), timeout: 60_000 }))
        .stdout;
    }
  }
  return last;
}

function begin(cwd: string, ...args: string[]): { child: ChildProcess; says(what: RegExp): Promise<RegExpExecArray> } {
  const env = environment(cwd);
  const child = spawn(process.execPath, [program, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let text = '';
  return {
    child,
    says: (what) =>
      new Promise((resolve, reject) => {
        for (const stream of [child.stdout, child.stderr]) {
          stream?.setEncoding('utf8').on('data', (more: string) => {
            text += more;
            const found = what.exec(text);
            if (found) resolve(found);
          });
        }
        void exited.then(() => reject(new Error(text)));
      }),
  };
}

describe('docs/runner.md', () => {
  it('has the commands that are run here', () => expect(commands.map((lines) => lines.length)).toEqual([3, 3, 3, 3]));

  it('leads from nothing to the first payment', { timeout: 60_000 }, async () => {
    expect(await runAll(commands[0]!)).toMatch(/paid: 4\.05 USDC, 5 stars/);
  });

  it.runIf(hasPython)('does the same in Python', { timeout: 60_000 }, async () => {
    expect(await runAll(commands[2]!)).toMatch(/paid: 4\.05 USDC, 5 stars/);
  });

  it('asks a running runner', { timeout: 60_000 }, async () => {
    const town = await openTown();
    const { key } = await town.agent('documented');
    const folder = temporaryDirectory();
    writeFileSync(join(folder, '.env'), `SOTA_API_KEY=${key}\nSOTA_API_URL=${town.url}\n`);
    writeFileSync(join(folder, 'dispatch.mjs'), fencesOf('js')[0]!.content);
    await begin(folder, 'run').says(/mode: /);
    for (const line of commands[1]!) expect(await runAll([line], folder)).not.toBe('');
  });

  it('asks the ports of dev', { timeout: 60_000 }, async () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, 'dispatch.mjs'), fencesOf('js')[0]!.content);
    const [, url = ''] = await begin(folder, 'dev', '--port', '0').says(/curl (\S+)\/invoke/);
    for (const line of commands[3]!) {
      const [address = '', flag, body] = words(line);
      const init = flag === '-d' ? { method: 'POST', body: body! } : {};
      expect((await fetch(address.replace('http://127.0.0.1:8080', url), init)).status).toBe(200);
    }
  });

  it('shows handler files that are some', async () => {
    const files = await Promise.all(
      fencesOf('js').map(
        ({ content }) => import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(content)}`),
      ),
    );
    expect(files.map((exports) => readHandlers(exports, 'the example').takesAnything)).toEqual([false, true]);
  });
});

describe('docs/sdk.md', () => {
  const examples = sdk.fences.filter(({ language }) => language === 'ts').map(({ content }) => content);

  /** A folder in which the package is installed, as far as a compiler can tell. */
  function project(): string {
    const folder = temporaryDirectory();
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules/sota-mcp'));
    symlinkSync(join(root, 'node_modules/@types'), join(folder, 'node_modules/@types'));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    return folder;
  }

  it('compiles against the published types', { timeout: 60_000 }, async () => {
    const folder = project();
    for (const [index, text] of examples.entries()) writeFileSync(join(folder, `example-${index}.ts`), text);
    const options = { module: 'nodenext', target: 'es2022', strict: true, noEmit: true, types: ['node'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
    const tsc = join(root, 'node_modules/.bin/tsc');
    const found = await promisify(execFile)(tsc, ['-p', folder]).catch((error: { stdout: string }) => error);
    expect(found.stdout).toBe('');
    expect(examples).toHaveLength(5);
  });

  it('tests an agent over a bad network with exactly that result', { timeout: 60_000 }, async () => {
    const folder = project();
    const example = examples.find((text) => text.includes('createTestHarness'))!;
    writeFileSync(join(folder, 'example.mjs'), example.replace('(job: { description: string })', '(job)'));
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'example.mjs')]);
    expect(stdout.trim()).toBe(/console\.log\(job\.result\); \/\/ (.*)/.exec(example)![1]);
  });
});
