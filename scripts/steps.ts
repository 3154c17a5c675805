/** Running and reporting the steps of `npm test` and `npm run check`: one line each, and all output of one that fails. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

export interface Command {
  file: string;
  args: string[];
}

export interface Step {
  name: string;
  /** Run one after the other; the first that fails ends the step. None: the step is left out. */
  commands: Command[];
  /** Its output is worth reading also when it went well. */
  shown?: boolean;
}

/** What must hold before any test is worth running, cheapest first. */
export function checkSteps(): Step[] {
  const generator = 'scripts/generate.ts';
  return [
    { name: 'types', commands: [tool('tsc', '--noEmit')] },
    { name: 'lint', commands: [tool('biome', 'check', '--error-on-warnings', '--max-diagnostics=200', '.')] },
    {
      name: 'generated files',
      commands: [
        tool('tsx', 'scripts/floors.ts', '--check'),
        ...(existsSync(join(root, generator)) ? [tool('tsx', generator, '--check')] : []),
      ],
    },
    ...(existsSync(join(root, 'scripts/measure-tokens.ts'))
      ? [{ name: 'token budgets', commands: [tool('tsx', 'scripts/measure-tokens.ts')], shown: true }]
      : []),
    { name: 'build', commands: [{ file: process.execPath, args: ['scripts/build.mjs'] }] },
  ];
}

/** A command installed by one of our dependencies. */
export function tool(name: string, ...args: string[]): Command {
  return { file: join(root, 'node_modules/.bin', name), args };
}

/**
 * Runs steps in order, all of them whatever fails, and prints as it goes.
 * @returns how many failed
 */
export async function runSteps(steps: readonly Step[]): Promise<number> {
  let failed = 0;
  for (const step of steps) {
    const started = performance.now();
    let output = '';
    let ok = true;
    for (const command of step.commands) {
      const result = await capture(command);
      output += result.output;
      ok = result.ok;
      if (!ok) break;
    }
    printStep(step.name, ok, performance.now() - started);
    if (ok && step.shown) console.log(output.trimEnd());
    if (ok) continue;
    failed += 1;
    console.log(`\n${output.trimEnd()}\n`);
  }
  return failed;
}

/** The line that says how a step went. */
export function printStep(name: string, ok: boolean, durationMs: number): void {
  console.log(`${name.padEnd(16)} ${ok ? 'ok    ' : 'FAILED'} ${(durationMs / 1000).toFixed(1).padStart(6)} s`);
}

function capture(command: Command): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const child = spawn(command.file, command.args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', (error) => resolve({ ok: false, output: `${command.file}: ${error.message}` }));
    child.once('close', (code) => resolve({ ok: code === 0, output: Buffer.concat(chunks).toString() }));
  });
}
