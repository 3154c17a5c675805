import { expect, test } from 'vitest';
import { operationRules } from '#client/policy/rules.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { operations } from '#contract/operations/registry.ts';
import { tools } from '#tools/registry.ts';
import { liveOrigin, ownedSession } from '../../support/live-origin.ts';
import { mutationRequests, WALLET } from '../../support/mutation-requests.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

/** Which operation does what a tool promises, where their names differ. */
const OPERATION_OF: Readonly<Record<string, string>> = { fail_job: 'deliver' };

test('a tool that spends or destroys does so through an operation that is treated so', () => {
  for (const { name, effect } of tools) {
    if (effect !== 'spend' && effect !== 'destroy') continue;
    expect(operationRules[OPERATION_OF[name] ?? name]?.weight, name).toBe(effect);
  }
});

test('with SOTA_CONFIRM=always nothing that spends, destroys or signs in is sent unasked, by either way', async () => {
  const origin = await liveOrigin();
  origin.on('GET /api/v1/payouts/wallet', { json: { address: WALLET, updated_at: null } });
  origin.on('GET /api/v1/jobs/j1/bids', { json: { bids: [{ id: 'b1', amount_usdc: 1 }], total: 1 } });
  const settings = { SOTA_CONFIRM: 'always', SOTA_PAYOUT_WALLET: WALLET };
  const gated = operations.filter(({ id, method }) => {
    const rule = operationRules[id];
    return method !== 'GET' && (rule?.weight !== 'write' || rule.asks !== undefined);
  });
  expect(gated.length).toBeGreaterThan(15);
  for (const operation of gated) {
    const { client } = ownedSession(origin, temporaryDirectory(), settings);
    const request = mutationRequests[operation.id] as never;
    for (const way of [() => client.call(operation, request), () => client.run(operation, { slot: 'x', request })]) {
      const error = await way().catch((thrown: unknown) => thrown);
      expect(error, operation.id).toBeInstanceOf(SotaError);
      expect(error, operation.id).toMatchObject({
        outcome: 'needs_approval',
        details: { request_id: expect.any(String) },
      });
    }
  }
  expect(origin.mutations()).toEqual([]);
});
