/** Servers killed at every named point with every tool and at random: nothing twice, nothing swallowed, nothing lost. */
import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { program } from '../support/mcp-clients.ts';

/** `--seed 6`, for other kills, or `--seeds 1` for a shorter run. */
const EXTRA = process.env.SOTA_CRASH_ARGS?.split(' ').filter(Boolean) ?? [];

test('sota-mcp crash-test --long', { timeout: 4 * 60 * 60_000 }, async () => {
  const started = performance.now();
  const child = spawn(process.execPath, [program, 'crash-test', '--long', ...EXTRA], {
    env: { PATH: process.env.PATH ?? '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    process.stderr.write(text);
  });
  const status = await new Promise((resolve) => child.once('close', resolve));
  console.error(`crash-test: ${Math.round((performance.now() - started) / 1000)} s`);
  const count = (name: string) => Number(new RegExp(`^${name} +(\\d+)$`, 'm').exec(said)?.[1]);
  expect(status).toBe(0);
  expect([count('duplicated'), count('swallowed'), count('lost')]).toEqual([0, 0, 0]);
  if (EXTRA.length > 0) return;
  expect(count('kill_points')).toBeGreaterThanOrEqual(1_000);
  expect(count('intentions')).toBeGreaterThanOrEqual(10_000);
});
