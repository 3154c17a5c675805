import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { runCli } from './run-cli.ts';

describe('every command', () => {
  it.each(
    Object.entries(commands),
  )('%s explains itself with examples, and is called what it is', async (name, entry) => {
    const command = await entry.load();
    expect(command).toMatchObject({ name, summary: entry.summary });
    const { status, stdout } = await runCli([name, '--help']);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: sota-mcp ${name}`));
    expect(stdout).toMatch(/--json/);
    expect(stdout).toMatch(/Examples:\n {2}\S/);
  });

  it('is explained by `help` too, and where its command line is wrong', async () => {
    expect((await runCli(['help', 'install'])).stdout).toMatch(/^Usage: sota-mcp install/);
    expect(await runCli(['install', 'cursr'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('See sota-mcp install --help.'),
    });
    expect((await runCli(['config', 'set', 'profile', 'workr'])).stderr).toMatch(/: profile takes .*mean 'worker'/);
    const { stdout } = await runCli(['--help']);
    for (const { code, meaning } of Object.values(exitCodes)) expect(stdout).toContain(`${code}  ${meaning}`);
  });

  it('has its own exit code for each kind of end', () => {
    const codes = Object.values(exitCodes).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });
});
