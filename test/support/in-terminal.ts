import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { program } from './mcp-clients.ts';

/** Whether this machine can make a terminal for a program. */
export const hasTerminal = existsSync('/usr/bin/script');

/**
 * Runs the shipped program in a pseudo-terminal, as a person would.
 * @param typed what is typed, a line for each time that `question` is seen
 */
export function inTerminal(
  args: readonly string[],
  typed: readonly string[],
  { env, question }: { readonly env: Readonly<Record<string, string>>; readonly question: RegExp },
): Promise<{ status: number | null; shown: string }> {
  return new Promise((resolve, reject) => {
    const command = [process.execPath, program, ...args].map((part) => `'${part}'`).join(' ');
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let shown = '';
    const left = [...typed];
    let answered = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      const asked = shown.match(new RegExp(question, 'g'))?.length ?? 0;
      for (; answered < asked && left.length > 0; answered++) child.stdin.write(`${left.shift()}\r`);
    });
    child.on('error', reject);
    child.on('exit', (status) => resolve({ status, shown }));
  });
}
