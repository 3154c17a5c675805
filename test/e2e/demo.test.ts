import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { program } from '../support/mcp-clients.ts';

const run = (...args: string[]) =>
  spawnSync(process.execPath, [program, 'demo', ...args], { env: { PATH: process.env.PATH ?? '' }, encoding: 'utf8' });

/** The first thing a newcomer runs. */
describe('sota-mcp demo', () => {
  it('earns, pays and withdraws to the micro-USDC, and says so for machines', { timeout: 60_000 }, () => {
    const { status, stdout, stderr } = run('--json');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const summary = JSON.parse(stdout) as {
      ok: boolean;
      steps: { title: string }[];
      money: { label: string; usdc: string }[];
    };
    expect(summary.ok).toBe(true);
    expect(summary.steps.length).toBeGreaterThanOrEqual(16);
    expect(Object.fromEntries(summary.money.map(({ label, usdc }) => [label.trim(), usdc]))).toMatchObject({
      'paid for the job': '12.345678',
      'to the platform (10 %)': '1.234567',
      'to the worker’s wallet': '11.111111',
    });
  });

  it('is plain text where nobody looks at a terminal', { timeout: 60_000 }, () => {
    const { status, stdout } = run();
    expect(status).toBe(0);
    expect(stdout).not.toContain('\x1b');
    expect(stdout).toMatch(/All \d+ steps verified/);
  });
});
