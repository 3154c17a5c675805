import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Booking, bidBreach, DAY_MS, findBreach, type Limits, reasonToAsk } from '#client/policy/decide.ts';
import { operationRules, ruleOf } from '#client/policy/rules.ts';
import { updateMe } from '#contract/operations/agent.ts';
import { operations } from '#contract/operations/registry.ts';
import { placeBid } from '#contract/operations/worker.ts';

const usdc = (amount: number): bigint => BigInt(Math.round(amount * 1e6));
const limits: Limits = {
  maxJob: usdc(25),
  maxDay: usdc(100),
  maxOpenEscrow: usdc(60),
  maxWithdraw: usdc(50),
  maxWithdrawDay: usdc(80),
  maxBid: usdc(10),
};
const NOW = Date.parse('2026-03-01T00:00:00Z');
const booked = (kind: Booking['kind'], amount: number, changes: Partial<Booking> = {}): Booking => ({
  kind,
  amount: usdc(amount),
  at: NOW - 1000,
  released: false,
  ended: false,
  ...changes,
});

type Row = [string, Booking['kind'], number, Booking[], string | undefined];
const rows: Row[] = [
  ['a job at the limit', 'job', 25, [], undefined],
  ['a job one micro-USDC above it', 'job', 25.000001, [], 'SOTA_MAX_JOB_USDC'],
  ['an award above it', 'award', 26, [], 'SOTA_MAX_JOB_USDC'],
  ['open escrow filled to the limit', 'job', 20, [booked('job', 40)], undefined],
  ['open escrow overfilled', 'job', 20.000001, [booked('job', 40)], 'SOTA_MAX_OPEN_ESCROW_USDC'],
  ['awards are escrow too', 'job', 20, [booked('award', 41)], 'SOTA_MAX_OPEN_ESCROW_USDC'],
  ['ended jobs are not open', 'job', 20, [booked('job', 60, { ended: true })], undefined],
  ['ended jobs still count for the day', 'job', 20, [booked('job', 90, { ended: true })], 'SOTA_MAX_DAY_USDC'],
  ['released ones count nowhere', 'job', 20, [booked('job', 900, { released: true })], undefined],
  [
    'a day ago to the millisecond is over',
    'job',
    20,
    [booked('job', 90, { ended: true, at: NOW - DAY_MS })],
    undefined,
  ],
  [
    'a millisecond less is not',
    'job',
    20,
    [booked('job', 90, { ended: true, at: NOW - DAY_MS + 1 })],
    'SOTA_MAX_DAY_USDC',
  ],
  ['withdrawals are no escrow', 'job', 20, [booked('withdraw', 1000)], undefined],
  ['a withdrawal at the limit', 'withdraw', 50, [], undefined],
  ['a withdrawal above it', 'withdraw', 50.1, [], 'SOTA_MAX_WITHDRAW_USDC'],
  ['withdrawals of a day', 'withdraw', 41, [booked('withdraw', 40)], 'SOTA_MAX_WITHDRAW_DAY_USDC'],
  ['jobs are no withdrawals', 'withdraw', 41, [booked('job', 400)], undefined],
];

test.each(rows)('limits: %s', (_name, kind, amount, earlier, setting) => {
  expect(findBreach({ kind, amount: usdc(amount), at: NOW }, earlier, limits)?.setting).toBe(setting);
});

test('a breach says the setting, the limit, what is used and what was asked for', () => {
  expect(findBreach({ kind: 'job', amount: usdc(20.5), at: NOW }, [booked('job', 40)], limits)).toEqual({
    setting: 'SOTA_MAX_OPEN_ESCROW_USDC',
    limit: '60',
    used: '40',
    amount: '20.5',
  });
});

test('withdrawals and bids are unlimited unless the owner says otherwise', () => {
  const open = { ...limits, maxWithdraw: undefined, maxWithdrawDay: undefined, maxBid: undefined };
  expect(findBreach({ kind: 'withdraw', amount: usdc(1e6), at: NOW }, [booked('withdraw', 1e6)], open)).toBeUndefined();
  expect(bidBreach(usdc(1e6), open)).toBeUndefined();
  expect(bidBreach(usdc(10), limits)).toBeUndefined();
  expect(bidBreach(usdc(10.000001), limits)?.setting).toBe('SOTA_MAX_BID_USDC');
});

test('no stretch of 24 hours, wherever it begins, ever holds more than the daily limit', () => {
  const HOUR = 3_600_000;
  const wish = fc.record({ amount: fc.bigInt(1n, usdc(25)), after: fc.integer({ min: 0, max: 20 * HOUR }) });
  fc.assert(
    fc.property(fc.array(wish, { maxLength: 60 }), (wishes) => {
      let at = NOW;
      const passed: Booking[] = [];
      for (const { amount, after } of wishes) {
        at += after;
        const own = { kind: 'job', amount, at } as const;
        if (!findBreach(own, passed, limits)) passed.push({ ...own, released: false, ended: true });
      }
      for (const { at: end } of passed) {
        const window = passed.filter((one) => one.at <= end && end - one.at < DAY_MS);
        expect(window.reduce((sum, { amount }) => sum + amount, 0n) <= limits.maxDay).toBe(true);
      }
    }),
  );
});

describe('whether a human is asked', () => {
  const WALLET = 'GzGGsVSiT2aZE97fEz26mQfsvJMeZ8oP2CYPk8D9ycJK';
  const asked = (
    operation: string,
    changes: {
      confirm?: 'auto' | 'always' | 'never';
      payoutWallet?: string;
      local?: boolean;
      wallet?: string | null;
      walletApproved?: boolean;
    } = {},
  ) => {
    const { confirm = 'auto', payoutWallet, local = false, wallet, walletApproved = false } = changes;
    const rule = operationRules[operation]!;
    return reasonToAsk({ rule, settings: { confirm, payoutWallet }, local, wallet, walletApproved }) !== undefined;
  };

  test.each([
    ['set_payout_wallet', {}, true],
    ['set_payout_wallet', { wallet: WALLET, payoutWallet: WALLET }, false],
    ['set_payout_wallet', { wallet: 'other', payoutWallet: WALLET }, true],
    ['set_payout_wallet', { wallet: WALLET, walletApproved: true }, true],
    ['clear_payout_wallet', {}, true],
    ['clear_payout_wallet', { payoutWallet: WALLET }, true],
    ['withdraw', { wallet: WALLET }, true],
    ['withdraw', { wallet: WALLET, payoutWallet: WALLET }, false],
    ['withdraw', { wallet: WALLET, payoutWallet: 'other' }, true],
    ['withdraw', { wallet: WALLET, walletApproved: true }, false],
    ['withdraw', { wallet: null }, false],
    ['rotate_keys', {}, true],
    ['revoke_key', {}, true],
    ['create_login_link', {}, true],
    ['create_job', {}, false],
    ['award_bid', {}, false],
    ['deliver', {}, false],
    ['place_bid', {}, false],
  ] as const)('auto: %s %j', (operation, circumstances, expected) => {
    expect(asked(operation, circumstances)).toBe(expected);
  });

  test('the local marketplace is trusted, except where everything is asked about', () => {
    for (const operation of ['set_payout_wallet', 'withdraw', 'rotate_keys', 'create_login_link']) {
      expect(asked(operation, { local: true, wallet: WALLET })).toBe(false);
      expect(asked(operation, { local: true, wallet: WALLET, confirm: 'always' })).toBe(true);
    }
  });

  test('never means never, always means everything that spends or cannot be undone', () => {
    for (const [operation, rule] of Object.entries(operationRules)) {
      expect(asked(operation, { confirm: 'never', wallet: WALLET })).toBe(false);
      const expected = rule.weight !== 'write' || rule.asks !== undefined;
      expect(asked(operation, { confirm: 'always', wallet: WALLET, payoutWallet: WALLET }), operation).toBe(expected);
    }
  });
});

test('every operation that changes something has a rule, and money is never a mere write', () => {
  for (const operation of operations.filter(({ method }) => method !== 'GET')) {
    const rule = operationRules[operation.id];
    expect(rule, operation.id).toBeDefined();
    if (operation.money) expect(rule?.weight, operation.id).not.toBe('write');
  }
});

test('a profile change that carries a wallet is a change of the wallet', () => {
  expect(ruleOf(updateMe, { description: 'x' }).asks).toBeUndefined();
  expect(ruleOf(updateMe, { wallet_address: 'x' }).asks).toBe('wallet');
  expect(ruleOf(updateMe, { wallet_address: null }).asks).toBe('wallet');
});

test('an operation nobody wrote a rule for is treated as the worst it can be', () => {
  expect(ruleOf({ ...placeBid, id: 'brand_new' }).weight).toBe('destroy');
  expect(ruleOf({ ...placeBid, id: 'brand_new', money: true }).weight).toBe('spend');
});
