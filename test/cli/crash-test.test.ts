import { expect, test } from 'vitest';
import type { CrashPoint } from '#kit/crash-point.ts';
import { seededRng } from '#kit/rng.ts';
import { tools } from '#tools/registry.ts';
import { registerThroughCrashes } from '../../src/cli/crash-test/register-crashes.ts';
import { scenarios, toolsOf } from '../../src/cli/crash-test/scenarios.ts';
import { soak } from '../../src/cli/crash-test/soak.ts';
import { isClean } from '../../src/cli/crash-test/tally.ts';
import { openWorld } from '../../src/cli/crash-test/world.ts';
import { program } from '../support/mcp-clients.ts';

/** Not worth remembering: the next one says it again, or a second one does no harm. */
const UNREMEMBERED = ['heartbeat', 'report_progress', 'generate_human_login_link'];
const FATES = ['lose_request', 'lose_answer', 'cut_answer', 'stall', 'repeat'] as const;

test('every tool that changes something has its scenario', () => {
  const tried = ['register_agent', ...Object.keys(scenarios).flatMap(toolsOf), ...UNREMEMBERED];
  expect(tried.toSorted()).toEqual(
    tools
      .filter(({ effect }) => effect !== 'read')
      .map(({ name }) => name)
      .toSorted(),
  );
});

/** A slice of test/long/crash-test.long.ts. */
test('killed where it matters most, two processes on a broken network pay once each time', {
  timeout: 120_000,
}, async () => {
  const world = await openWorld('slice');
  const common = { program, world, chaos: 0.2, fates: FATES };
  const points: CrashPoint[] = ['after-send', 'before-seen', 'before-recover'];
  try {
    const options = { ...common, rng: seededRng('slice'), processes: 2, killRate: 0, points, intentions: 3 };
    const { tally, problems, met } = await soak({ ...options, scenario: scenarios.withdraw! });
    expect(problems).toEqual([]);
    expect([...met].sort()).toEqual([...points, 'after-intent'].map((point) => `withdraw@${point}`).sort());
    expect(tally.kill_points).toBeGreaterThanOrEqual(points.length);
    expect(isClean(tally)).toBe(true);
    const registered = await registerThroughCrashes({ ...common, rng: seededRng('slice'), points: ['after-send'] });
    expect(registered).toMatchObject({ problems: [], tally: { kill_points: 1, duplicated: 0, swallowed: 0, lost: 0 } });
    expect(await world.violations()).toEqual([]);
  } finally {
    await world.close();
  }
});
