import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { program as server } from '../support/mcp-clients.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const program = join(dirname(server), 'sota-runner.js');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(cwd: string, ...args: string[]): Promise<Ended> {
  const env = { PATH: process.env.PATH ?? '', SOTA_HOME: join(cwd, '.home') };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, ...args],
      { cwd, env, timeout: 60_000 },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

describe('the command line of sota-runner', () => {
  it.each([
    [['rnu'], 2, /did you mean run/],
    [['init'], 2, /name of the agent/],
    [['init', 'a', '--template', 'dett'], 2, /did you mean 'det'/],
    [['init', '../Bad Name'], 1, /no name for an agent/],
    [['run', '--concurrency', 'many'], 2, /whole number/],
    [['run'], 78, /no handler file/i],
    [['run', '--config', 'nowhere.env'], 78, /nowhere\.env/],
  ] as const)('%j ends with %i', async (args, code, message) => {
    const ended = await run(temporaryDirectory(), ...args);
    expect(ended.stderr).toMatch(message);
    expect(ended.code).toBe(code);
  });

  it('names the line of a setting it does not know', async () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, '.env'), '# mine\nSOTA_API_KEYY=x\n');
    const ended = await run(folder, 'run');
    expect(ended).toMatchObject({ code: 78, stderr: expect.stringMatching(/\.env:2: .*SOTA_API_KEY\?/) });
  });
});
