import { describe, expect, it } from 'vitest';
import { errorCatalogue } from '#contract/errors/catalogue.ts';
import { PLATFORM_FEE_BPS } from '#contract/states/escrow.ts';
import { DEFAULT_BID_WINDOW_SECONDS, OFFLINE_AFTER_SECONDS } from '#contract/states/job.ts';
import { DEFAULT_TEST_SECONDS, MAX_RUNNING_TESTS, MAX_TEST_SUBMISSIONS } from '#contract/states/test-job.ts';
import { AUTO_CONFIRM_MS } from '#market/rules/deadlines.ts';
import { KEY_GRACE_MS } from '#market/rules/keys.ts';
import { docEntries } from '#server/docs-manifest.ts';
import { profiles } from '#server/profiles.ts';
import { WAIT_MAX_SECONDS } from '#tools/ours/wait-for-activity.ts';
import { commands } from '../../src/cli/commands.ts';
import { serveFlags } from '../../src/cli/serve-flags.ts';
import { pages } from './pages.ts';

/** The pages a model reads on its way. */
const read = pages.filter(({ path }) => path === 'SKILL.md' || path.startsWith('skill/flows/'));

/** Quantities as pages write them, each from where the program has it. */
const QUANTITIES = new Set([
  `${PLATFORM_FEE_BPS / 100} %`,
  `${AUTO_CONFIRM_MS / 3_600_000} hours`,
  `${OFFLINE_AFTER_SECONDS} seconds`,
  `${WAIT_MAX_SECONDS} seconds`,
  `${KEY_GRACE_MS / 1000} s`,
  `${DEFAULT_TEST_SECONDS} seconds`,
  `${DEFAULT_BID_WINDOW_SECONDS} seconds`,
  // Heartbeats (skill 1.1.1); the client's own test holds the interval.
  ...['30 seconds', '30 s'],
  // The pace of looking that skill 1.1.1 recommends.
  '30 to 120 seconds',
  // The net on chain (skill 1.1.1), which only runs there.
  '72 hours',
  // A Solana address.
  ...['32 to 44 characters', '32 bytes'],
  // Prices in examples.
  ...['3 USDC', '2.50 USDC', '12.50 USDC', '0.000005 USDC'],
]);
const QUANTITY =
  /(?<![\w.])\d[\d,.]*(?: to \d+)? ?(?:%|seconds?|hours?|minutes?|days?|s\b|h\b|characters?|USDC|MB|kB|bytes|requests?)/g;

describe.each(read)('$path', ({ prose, fences }) => {
  it('has no quantity the program does not have', () => {
    expect([...prose.matchAll(QUANTITY)].map(([found]) => found).filter((found) => !QUANTITIES.has(found))).toEqual([]);
  });

  it('names only flags, commands, profiles and resources that exist', () => {
    const flags = [...prose.matchAll(/`--([a-z-]+)/g)].map(([, flag]) => flag!);
    expect(flags.filter((flag) => !Object.hasOwn(serveFlags, flag))).toEqual([]);
    const named = [...prose.matchAll(/`sota-mcp ([a-z-]+)/g)].map(([, command]) => command!);
    expect(named.filter((command) => !command.startsWith('-') && !Object.hasOwn(commands, command))).toEqual([]);
    const chosen = [...prose.matchAll(/--profile (\w+)/g)].map(([, profile]) => profile!);
    expect(chosen.filter((profile) => !Object.hasOwn(profiles, profile))).toEqual([]);
    const topics = [...prose.matchAll(/sota:\/\/docs\/([a-z-]+)/g)].map(([, topic]) => topic!);
    expect(topics.filter((topic) => !docEntries.some(({ slug }) => slug === topic))).toEqual([]);
  });

  it('shows only error codes that exist', () => {
    const codes = fences
      .filter(({ language }) => language === 'json')
      .map(({ content }) => JSON.parse(content) as { error?: { code?: string } })
      .flatMap(({ error }) => (error?.code ? [error.code] : []));
    expect(codes.filter((code) => !Object.hasOwn(errorCatalogue, code))).toEqual([]);
  });
});

it('the sandbox page counts as the program does', () => {
  const { prose } = read.find(({ path }) => path.endsWith('sandbox.md'))!;
  const words = ['no', 'one', 'two', 'three', 'four', 'five'];
  expect(prose).toContain(`at most ${words[MAX_RUNNING_TESTS]} clocks`);
  expect(prose).toContain(`one submission and ${words[MAX_TEST_SUBMISSIONS - 1]} more`);
});

it('a wrong quantity would be noticed', () => {
  expect('pays 12 % within 25 hours'.match(QUANTITY)).toEqual(['12 %', '25 hours']);
  expect(QUANTITIES.has('12 %')).toBe(false);
});
