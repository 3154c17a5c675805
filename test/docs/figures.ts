/** Figures as the pages write them, each made from where the program has it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INTERVAL_MS } from '#client/heartbeat.ts';
import { PLATFORM_FEE_BPS } from '#contract/states/escrow.ts';
import {
  AUTO_CONFIRM_HOURS,
  AUTO_RELEASE_FLOOR_HOURS,
  DEFAULT_BID_WINDOW_SECONDS,
  jobMachine,
  MAX_JOB_RETRIES,
  OFFLINE_AFTER_SECONDS,
} from '#contract/states/job.ts';
import { DEFAULT_TEST_SECONDS, MAX_RUNNING_TESTS, MAX_TEST_SUBMISSIONS } from '#contract/states/test-job.ts';
import { parseUsdc, shareOf, usdcNumber } from '#kit/money.ts';
import { DEFAULT_TOLERANCE_SECONDS } from '#kit/webhook-signature.ts';
import { PAYING_RATING } from '#market/rules/acceptance.ts';
import { AUTO_CONFIRM_MS } from '#market/rules/deadlines.ts';
import { KEY_GRACE_MS } from '#market/rules/keys.ts';
import { defaultWebhookSettings } from '#market/webhooks/webhook-settings.ts';
import { MAX_CALLS } from '#tools/next.ts';
import { WAIT_MAX_SECONDS } from '#tools/ours/wait-for-activity.ts';
import { root } from './pages.ts';

const WORDS = 'no one two three four five six seven eight nine ten'.split(' ');
const word = (count: number) => WORDS[count] ?? String(count);
const upper = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const { version, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string;
  engines: { node: string };
};
const node = engines.node.replace(/\D/g, '');
const fee = `${PLATFORM_FEE_BPS / 100} %`;
const net = (amount: string) => usdcNumber(parseUsdc(amount) - shareOf(parseUsdc(amount), PLATFORM_FEE_BPS));
const cut = (amount: string) => usdcNumber(shareOf(parseUsdc(amount), PLATFORM_FEE_BPS));
const paying = [PAYING_RATING, PAYING_RATING + 1, 5];
const { retryDelaysMs, timeoutMs } = defaultWebhookSettings;
const retryHours = Math.ceil(retryDelaysMs.reduce((sum, ms) => sum + ms, 0) / 3_600_000);
const decimals = word(String(usdcNumber(1n).toFixed(12).replace(/0+$/, '')).split('.')[1]?.length ?? 0);

/** The longest come first, so that no figure hides inside another. */
export const figures = [
  fee,
  `${PLATFORM_FEE_BPS} basis points`,
  ...(AUTO_CONFIRM_MS === AUTO_CONFIRM_HOURS * 3_600_000
    ? [`${AUTO_CONFIRM_HOURS} hours`, `${AUTO_CONFIRM_HOURS} h`]
    : []),
  `${AUTO_RELEASE_FLOOR_HOURS} hours`,
  `${OFFLINE_AFTER_SECONDS} seconds`,
  `${WAIT_MAX_SECONDS} seconds`,
  `${KEY_GRACE_MS / 1000} more seconds`,
  `${INTERVAL_MS / 1000} seconds`,
  `${DEFAULT_TEST_SECONDS} seconds`,
  `${DEFAULT_BID_WINDOW_SECONDS} unless you say otherwise`,
  `${paying[0]} to ${paying[2]}`,
  `${paying[0]}, ${paying[1]} or ${paying[2]}`,
  `${PAYING_RATING - 2} or ${PAYING_RATING - 1}`,
  `most ${word(MAX_RUNNING_TESTS)} clocks`,
  `one submission and ${word(MAX_TEST_SUBMISSIONS - 1)} more`,
  `${word(MAX_TEST_SUBMISSIONS)} wrong submissions`,
  `${word(Object.keys(jobMachine.states).length)} job statuses`,
  `${decimals} decimals`,
  `up to ${word(MAX_CALLS)} complete calls`,
  ...(MAX_JOB_RETRIES === 2 ? ['at most twice'] : []),
  `up to ${word(retryDelaysMs.length + 1)} times within ${word(retryHours)} hours`,
  `${word(timeoutMs / 1000)} seconds`,
  `${upper(word(DEFAULT_TOLERANCE_SECONDS / 60))} minutes`,
  `Node.js ${node}`,
  // Examples of the fee, computed.
  `2.50 USDC pays ${net('2.5')}`,
  ...(net('0.000005') === 0.000005 ? ['0.000005 USDC has no fee'] : []),
  `12.50 USDC was accepted, and the fee was ${cut('12.5')}`,
  // A Solana address.
  ...['32 to 44 characters', '32 bytes'],
  // The pace of looking that skill 1.1.1 recommends.
  '30 to 120 seconds',
  // What was promised in the examples.
  ...['3 USDC', '12.50 USDC are worth ten minutes', 'ten minutes'],
  // `percent` of a log line.
  '0 with a message',
  // Names with digits.
  ...['SHA-256', 'HMAC-SHA256', 'ISO 8601', 'base58', 'SDK 0.2.0', 'skill 1.1.1', '2xx', `sota-mcp ${version}`],
].sort((a, b) => b.length - a.length);
