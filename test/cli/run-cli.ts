import { spawn } from 'node:child_process';
import { program as shipped } from '../support/mcp-clients.ts';

export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The one line of --json. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  readonly json: any;
}

export interface CliSurroundings {
  readonly env?: Record<string, string>;
  readonly input?: string;
  readonly cwd?: string;
  /** Another copy of the program than dist/. */
  readonly program?: string;
}

/** Runs the shipped program without blocking this process, which may be the marketplace it talks to. */
export function runCli(
  args: readonly string[],
  { env = {}, input = '', cwd, program = shipped }: CliSurroundings = {},
): Promise<CliResult> {
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve) => {
    child.once('close', (status) => {
      resolve({
        status,
        stdout,
        stderr,
        get json() {
          return JSON.parse(stdout);
        },
      });
    });
  });
}
