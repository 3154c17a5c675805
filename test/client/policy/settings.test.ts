import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configFile, loadPolicySettings } from '#client/policy/config-file.ts';
import { readPolicySettings, settingNames } from '#client/policy/settings.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const WALLET = 'GzGGsVSiT2aZE97fEz26mQfsvJMeZ8oP2CYPk8D9ycJK';

function refused(work: () => unknown): SotaError {
  try {
    work();
  } catch (error) {
    if (error instanceof SotaError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

test('without any setting the limits are on', () => {
  expect(readPolicySettings({})).toEqual({
    readOnly: false,
    tools: undefined,
    confirm: 'auto',
    maxJob: 25_000_000n,
    maxDay: 100_000_000n,
    maxOpenEscrow: 100_000_000n,
    maxWithdraw: undefined,
    maxWithdrawDay: undefined,
    maxBid: undefined,
    payoutWallet: undefined,
    notifyUrl: undefined,
    notifyCommand: undefined,
  });
});

test('every setting is read from the environment', () => {
  const env = {
    SOTA_READ_ONLY: '1',
    SOTA_TOOLS: 'get_status, bid',
    SOTA_CONFIRM: 'Always',
    SOTA_MAX_JOB_USDC: '0.000001',
    SOTA_MAX_DAY_USDC: '2',
    SOTA_MAX_OPEN_ESCROW_USDC: '3.5',
    SOTA_MAX_WITHDRAW_USDC: '4',
    SOTA_MAX_WITHDRAW_DAY_USDC: '5',
    SOTA_MAX_BID_USDC: '6',
    SOTA_PAYOUT_WALLET: ` ${WALLET} `,
    SOTA_NOTIFY_URL: 'https://example.com/hook',
    SOTA_NOTIFY_COMMAND: 'notify-send hello',
  };
  expect(Object.keys(env).sort()).toEqual([...settingNames].sort());
  expect(readPolicySettings(env)).toEqual({
    readOnly: true,
    tools: ['get_status', 'bid'],
    confirm: 'always',
    maxJob: 1n,
    maxDay: 2_000_000n,
    maxOpenEscrow: 3_500_000n,
    maxWithdraw: 4_000_000n,
    maxWithdrawDay: 5_000_000n,
    maxBid: 6_000_000n,
    payoutWallet: WALLET,
    notifyUrl: 'https://example.com/hook',
    notifyCommand: 'notify-send hello',
  });
});

test.each([
  ['SOTA_MAX_JOB_USDC', '1,5', '25'],
  ['SOTA_MAX_JOB_USDC', '-1', '25'],
  ['SOTA_MAX_DAY_USDC', '1e3', '100'],
  ['SOTA_MAX_DAY_USDC', 'unlimited', '100'],
  ['SOTA_MAX_OPEN_ESCROW_USDC', 'none', '100'],
  ['SOTA_MAX_WITHDRAW_USDC', '5.0000001', '50'],
  ['SOTA_MAX_WITHDRAW_DAY_USDC', '٥', '100'],
  ['SOTA_MAX_BID_USDC', '$5', '250'],
  ['SOTA_READ_ONLY', 'maybe', '1'],
  ['SOTA_CONFIRM', 'sometimes', 'always'],
  ['SOTA_TOOLS', 'Bid;withdraw', 'get_status'],
  ['SOTA_PAYOUT_WALLET', '0xabc', 'Solana'],
  ['SOTA_NOTIFY_URL', 'ftp://example.com', 'https://'],
])('%s=%s stops the program and shows a good value', (name, value, good) => {
  const error = refused(() => readPolicySettings({ [name]: value }));
  expect(error).toMatchObject({ code: 'bad_setting' });
  expect(error.message).toContain(name);
  expect(error.fix).toContain(good);
});

test.each([
  '',
  '  ',
  '$' + '{SOTA_CONFIRM}',
  '$' + '{env:SOTA_CONFIRM}',
  '$SOTA_CONFIRM',
  '{{confirm}}',
  '%SOTA_CONFIRM%',
])('a value a host left unreplaced (%j) is none', (value) => {
  expect(readPolicySettings({ SOTA_CONFIRM: value }).confirm).toBe('auto');
});

describe('the configuration file', () => {
  const write = (content: string, mode = 0o600): string => {
    const dir = temporaryDirectory();
    writeFileSync(configFile(dir), content, { mode });
    return dir;
  };

  test('holds the same names in lower case, and the environment wins', () => {
    const dir = write(
      JSON.stringify({
        sota_max_job_usdc: '7',
        max_day_usdc: 8,
        sota_confirm: 'never',
        sota_read_only: true,
        sota_tools: ['bid', 'get_job'],
      }),
    );
    expect(loadPolicySettings({ SOTA_CONFIRM: 'always' }, dir)).toMatchObject({
      maxJob: 7_000_000n,
      maxDay: 8_000_000n,
      confirm: 'always',
      readOnly: true,
      tools: ['bid', 'get_job'],
    });
  });

  test('may be absent', () => {
    expect(loadPolicySettings({}, join(temporaryDirectory(), 'nowhere')).confirm).toBe('auto');
  });

  test.each([
    ['a misspelt name', '{"sota_max_job_usd":"5"}', /max_job_usd"/, /sota_max_job_usdc/],
    ['a value that is none', '{"sota_max_job_usdc":"five"}', /sota_max_job_usdc in .*config\.json/, /25/],
    ['null', '{"sota_max_job_usdc":null}', /sota_max_job_usdc/, /25/],
    ['no object', '[1]', /not a JSON object/, /\{/],
    ['no JSON', '{', /not JSON/, /\{/],
  ])('with %s stops the program', (_name, content, message, fix) => {
    const error = refused(() => loadPolicySettings({}, write(content)));
    expect(error.message).toMatch(message);
    expect(error.fix).toMatch(fix);
  });

  test('that others can open, or that is a link, stops the program', () => {
    const open = write('{}');
    chmodSync(configFile(open), 0o644);
    expect(refused(() => loadPolicySettings({}, open)).fix).toContain('chmod 600');
    const linked = temporaryDirectory();
    mkdirSync(join(linked, 'x'));
    symlinkSync(join(linked, 'x'), configFile(linked));
    expect(refused(() => loadPolicySettings({}, linked)).message).toContain('symbolic link');
  });
});
