import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatUsdc } from '#kit/money.ts';
import { describeFlags, parseFlags } from '../flags.ts';
import { startAgent, startMarketProcess } from './actors.ts';
import { BID, FEE, journey, NET, note, type Stage } from './journey.ts';
import { jsonReporter, type Reporter, type StepResult, type Summary, textReporter } from './report.ts';

const flags = {
  json: { type: 'boolean', summary: 'Print one line of JSON at the end instead of the step list' },
  help: { type: 'boolean', summary: 'Show this text' },
} as const;

const help = `Usage: sota-mcp demo [options]

Starts a marketplace and two MCP servers as processes of their own, speaks MCP with them, and lives an agent's
first job: from registration to money in its wallet. Every step is verified; the exit code is 0 only if all were.

${describeFlags(flags)}

Examples:
  sota-mcp demo
  sota-mcp demo --json`;

export const command = {
  name: 'demo',
  summary: 'Watch an agent earn its first USDC, offline',
  async run(argv: readonly string[]): Promise<number> {
    const values = parseFlags(argv, flags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    const summary = await live(values.json ? jsonReporter(process.stdout) : textReporter(process.stdout));
    return summary.ok ? 0 : 1;
  },
};

async function live(reporter: Reporter): Promise<Summary> {
  const started = performance.now();
  const home = mkdtempSync(join(tmpdir(), 'sota-demo-'));
  const closing: (() => Promise<void>)[] = [];
  const steps: StepResult[] = [];
  let problem: string | undefined;
  let money: Summary['money'] = [];
  try {
    const stage = await timed(
      reporter,
      steps,
      'market',
      'starts, with a server process and a client for each agent',
      async () => {
        const built = await setStage(home, closing);
        return { value: built, facts: [`${built.market.url}, in memory; two MCP servers over stdio`] };
      },
    );
    for (const step of journey) {
      await timed(reporter, steps, step.actor, step.title, async () => ({
        value: undefined,
        facts: await step.run(stage),
      }));
    }
    money = moneyFlow(stage);
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  } finally {
    for (const close of closing.reverse()) await close().catch(() => {});
    rmSync(home, { recursive: true, force: true });
  }
  const summary = {
    ok: problem === undefined,
    steps,
    money,
    milliseconds: since(started),
    ...(problem === undefined ? {} : { problem }),
  };
  reporter.end(summary);
  return summary;
}

async function setStage(home: string, closing: (() => Promise<void>)[]): Promise<Stage> {
  // The bundle's entry: this module is one of its chunks, and all of them stand beside it.
  const program = fileURLToPath(new URL('./sota-mcp.js', import.meta.url));
  const market = await startMarketProcess(program);
  closing.push(market.close);
  const [worker, requester] = await Promise.all(
    ['worker', 'requester'].map((name) => startAgent(program, join(home, name), market.url)),
  );
  if (!worker || !requester) throw new Error('The agents did not start');
  closing.push(worker.close, requester.close);
  return { market, worker, requester, notes: new Map() };
}

async function timed<T>(
  reporter: Reporter,
  steps: StepResult[],
  actor: StepResult['actor'],
  title: string,
  run: () => Promise<{ value: T; facts: readonly string[] }>,
): Promise<T> {
  reporter.begin(title, actor);
  const started = performance.now();
  try {
    const { value, facts } = await run();
    const step = { title, actor, facts, milliseconds: since(started) };
    steps.push(step);
    reporter.done(step);
    return value;
  } catch (error) {
    reporter.failed(
      { title, actor, milliseconds: since(started) },
      error instanceof Error ? error.message : String(error),
    );
    throw error;
  }
}

function moneyFlow({ notes }: Stage): Summary['money'] {
  return [
    { label: 'requester had to spend', usdc: note(notes, 'spending') },
    { label: 'paid for the job', usdc: formatUsdc(BID) },
    { label: '  to the platform (10 %)', usdc: formatUsdc(FEE) },
    { label: '  to the worker’s wallet', usdc: formatUsdc(NET) },
    { label: 'requester has left', usdc: note(notes, 'left') },
  ];
}

const since = (started: number): number => Math.round(performance.now() - started);
