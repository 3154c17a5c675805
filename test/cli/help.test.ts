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
    // unlock says yes or no, by its exit code.
    if (name !== 'unlock') expect(stdout).toMatch(/--json/);
    if (name !== 'demo') expect(stdout).toMatch(/Examples:\n {2}\S/);
  });

  it('has its own exit code for each kind of end', () => {
    const codes = Object.values(exitCodes).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });
});
