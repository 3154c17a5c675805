/**
 * `npm run conformance`: the protocol's own conformance suite and Inspector against the server as it is shipped. Needs the
 * npm registry, since neither is a dependency (together they are larger than all of ours), and fetches a Node they run on.
 *
 *   npm run conformance                    everything
 *   npm run conformance -- tools-list      one scenario, with all its output
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkBaseline, readBaseline } from './conformance/baseline.ts';
import { startBridge } from './conformance/bridge.ts';
import { printStep, root } from './steps.ts';

const SUITE = '@modelcontextprotocol/conformance@0.2.0-alpha.12';
const INSPECTOR = '@modelcontextprotocol/inspector@2.12.0';
const NODE = 'node@24';
const SERVER = join(root, 'dist/sota-mcp.js');

const [only] = process.argv.slice(2);
const home = mkdtempSync(join(tmpdir(), 'sota-conformance-'));
const env = { PATH: process.env.PATH ?? '', SOTA_HOME: home };
let failed = 0;

await execute(process.execPath, [join(root, 'scripts/build.mjs'), '--quiet']);
const bridge = await startBridge(process.execPath, [SERVER, '--local'], env);
try {
  await runSuite();
  if (only === undefined) await runInspector();
} finally {
  await bridge.close();
  rmSync(home, { recursive: true, force: true });
}
console.log(failed === 0 ? '\nall conforms' : `\n${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function runSuite(): Promise<void> {
  const baseline = readBaseline();
  if (only === undefined) {
    const { output } = await npx(SUITE, 'conformance', ['list', '--server']);
    const known = [...output.matchAll(/^ {2}- (\S+) \[/gm)].map(([, name]) => name ?? '');
    const problems = checkBaseline(baseline, known);
    await step('every scenario is run or left out for a reason', async () => ({
      ok: known.length > 0 && problems.length === 0,
      output: problems.join('\n') || output,
    }));
  }
  for (const { spec, scenarios } of baseline.passing) {
    for (const scenario of scenarios) {
      if (only !== undefined && only !== scenario) continue;
      await step(`${scenario} ${spec ?? '(extension)'}`, () =>
        npx(SUITE, 'conformance', [
          ...['server', '--url', bridge.url, '--scenario', scenario],
          ...(spec === null ? [] : ['--spec-version', spec]),
        ]),
      );
    }
  }
}

/** The Inspector starts the server itself: the transport is the real one. */
async function runInspector(): Promise<void> {
  const ask = (...args: string[]) =>
    npx(INSPECTOR, 'mcp-inspector', ['--cli', process.execPath, SERVER, '--local', ...args]);
  for (const era of ['legacy', 'modern']) {
    await step(`inspector tools/list --strict, ${era}`, () =>
      ask('--method', 'tools/list', '--strict', '--protocol-era', era),
    );
    for (const method of ['resources/list', 'resources/templates/list', 'prompts/list']) {
      await step(`inspector ${method}, ${era}`, () => ask('--method', method, '--protocol-era', era));
    }
    await step(`inspector tools/call, ${era}`, () =>
      ask('--method', 'tools/call', '--tool-name', 'list_clusters', '--protocol-era', era),
    );
    await step(`inspector skills/list --verify, ${era}`, () =>
      ask('--method', 'skills/list', '--verify', '--protocol-era', era),
    );
  }
}

interface Result {
  readonly ok: boolean;
  readonly output: string;
}

async function step(name: string, work: () => Promise<Result>): Promise<void> {
  const started = performance.now();
  const { ok, output } = await work();
  printStep(name.padEnd(56), ok, performance.now() - started);
  if (ok && only === undefined) return;
  if (!ok) failed += 1;
  const shown = output.split('\n').filter((line) => !/^npm warn/.test(line));
  console.log(shown.slice(-80).join('\n'));
}

function npx(packageName: string, bin: string, args: readonly string[]): Promise<Result> {
  return execute('npx', ['-y', '-p', NODE, '-p', packageName, bin, ...args], { ...process.env, ...env });
}

function execute(file: string, args: readonly string[], environment = process.env): Promise<Result> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', (error) => resolve({ ok: false, output: error.message }));
    child.once('close', (code) => resolve({ ok: code === 0, output: Buffer.concat(chunks).toString() }));
  });
}
