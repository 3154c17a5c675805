import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createConfigStore } from '#client/config-store.ts';
import { createOwnerPin } from '#client/policy/pin.ts';
import { systemClock } from '#kit/clock.ts';
import { type CliResult, runCli } from '../cli/run-cli.ts';
import { startTestMarket, type TestAgent, type TestMarket } from '../support/market.ts';
import { connect, type TestClient, temporaryHome } from '../support/mcp-clients.ts';
import { type Paths, type RenamedOrigin, renamedOrigin } from '../support/renamed-origin.ts';

const WALLET = 'HNT3E4QovHH467XXhN8ASF9LAgGqfeg6YpPHQW7qDZ7m';
const PIN = '4711 owner';
/** Another method, another order of words, other names of parameters. */
const RENAMED = {
  create_job: 'POST /v2/marketplace/jobs',
  list_job_bids: 'GET /v2/marketplace/bids-of/{job}',
  award_bid: 'POST /v2/marketplace/{id}/winner',
  accept_delivery: 'POST /v2/marketplace/deliveries/{jobId}/acceptance',
  get_posted_job: 'GET /v2/marketplace/jobs/{id}',
  get_payout_wallet: 'GET /v2/treasury/wallet',
  set_payout_wallet: 'POST /v2/treasury/wallet',
  withdraw: 'POST /v2/treasury/withdrawals',
} as const;

let market: TestMarket;
beforeAll(async () => {
  market = await startTestMarket();
});
afterAll(() => market.close());

/** A marketplace with other paths, and a home of an owner who has a PIN. */
async function place(describe?: (paths: Paths) => void) {
  const home = temporaryHome();
  const origin = await renamedOrigin(market.url, RENAMED, describe);
  onTestFinished(async () => {
    await origin.close();
    home.remove();
  });
  await createOwnerPin(join(home.path, 'mcp'), { clock: systemClock }).set(PIN);
  const env = { SOTA_HOME: home.path, SOTA_API_URL: origin.url };
  return {
    origin,
    cli: (args: readonly string[], input = ''): Promise<CliResult> => runCli(args, { env, input }),
    map: (id: keyof typeof RENAMED) =>
      runCli(['operations', 'map', id, ...RENAMED[id].split(' '), '--pin-stdin'], { env, input: PIN }),
    /** The same for many, without a process for each. */
    note: (routes: Readonly<Record<string, string>>) =>
      createConfigStore(join(home.path, 'mcp')).edit(({ operations = {}, ...rest }) => {
        const { [origin.url]: known = {} } = operations as Record<string, object>;
        return { ...rest, operations: { [origin.url]: { ...known, ...routes } } };
      }),
    async server(agent: TestAgent): Promise<TestClient> {
      const client = await connect('v2 modern', {
        env: { ...env, SOTA_API_KEY: agent.key, SOTA_CONFIRM: 'never', SOTA_PAYOUT_WALLET: WALLET },
      });
      onTestFinished(() => client.close());
      return client;
    },
  };
}

const sentTo = ({ received }: RenamedOrigin, path: RegExp) => received.filter((request) => path.test(request));

describe('a marketplace whose paths have other names', () => {
  it('is worked at end to end once its owner has said which is which, and not before', async () => {
    const { origin, cli, map, note, server } = await place();
    const [worker, requester] = [await market.agent('mapped-worker'), await market.agent('mapped-requester')];
    await market.local('POST', '/_local/fund', { agent_id: requester.id, amount_usdc: 50 });
    const [earning, paying] = [await server(worker), await server(requester)];
    const job = { title: 'Review', description: 'Find defects.', budget_usdc: 10, tags: ['code-review'] };
    const refused = await paying.refusal('create_job', { ...job, selection: 'manual', bid_window_seconds: 600 });
    expect(refused).toMatchObject({ code: 'operation_not_offered' });
    expect(sentTo(origin, /^POST/)).toEqual([]);

    const { findings } = (await cli(['doctor', '--json'])).json as { findings: { check: string; details?: unknown }[] };
    const { missing } = findings.find(({ check }) => check === 'contract')!.details as {
      missing: { operation: string; proposals: { method: string; path: string }[] }[];
    };
    for (const [id, route] of Object.entries(RENAMED)) {
      const proposed = missing.find(({ operation }) => operation === id)!.proposals;
      expect(
        proposed.map(({ method, path }) => `${method} ${path}`),
        id,
      ).toContain(route);
    }
    expect(await map('withdraw')).toMatchObject({ status: 0 });
    await note(RENAMED);

    // The servers that were running go by the map at once.
    const { job_id } = await paying.call('create_job', { ...job, selection: 'manual', bid_window_seconds: 600 });
    await earning.call('bid', { job_id, amount_usdc: 8, eta_seconds: 600 });
    const { bids } = (await paying.call('list_bids', { job_id })) as { bids: { id: string }[] };
    await paying.call('award_bid', { job_id, bid_id: bids[0]!.id });
    await earning.call('accept_assignment', { job_id });
    const result = JSON.stringify({ issues: [] });
    await earning.call('deliver', { job_id, result });
    const result_hash = createHash('sha256').update(result).digest('hex');
    expect(await paying.call('accept_delivery', { job_id, rating: 5, result_hash })).toMatchObject({ outcome: 'done' });
    await earning.call('set_payout_wallet', { address: WALLET });
    expect(await earning.call('withdraw', { amount_usdc: 7.2 })).toMatchObject({ outcome: 'done', amount_usdc: 7.2 });
    expect(sentTo(origin, /^POST \/v2\//)).toEqual([
      'POST /v2/marketplace/jobs',
      `POST /v2/marketplace/${job_id}/winner`,
      `POST /v2/marketplace/deliveries/${job_id}/acceptance`,
      'POST /v2/treasury/wallet',
      'POST /v2/treasury/withdrawals',
    ]);
    expect(await market.violations()).toEqual([]);

    const after = (await cli(['doctor', '--json'])).json as { findings: { check: string; result: string }[] };
    expect(after.findings.find(({ check }) => check === 'contract')).toMatchObject({ result: 'ok' });
    expect((await cli(['operations', 'unmap', 'withdraw'])).status).toBe(0);
    expect(await earning.refusal('withdraw', { amount_usdc: 1 })).toMatchObject({ code: 'operation_not_offered' });
  });

  it('gets no money where its own description of the request differs from what would be sent', async () => {
    const { origin, cli, map, note, server } = await place((paths) => {
      (paths['/v2/treasury/withdrawals'] as { post: object }).post = {
        requestBody: {
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['amount_usdc', 'network'],
                properties: { amount_usdc: { type: 'number' }, network: { enum: ['solana'] } },
              },
            },
          },
        },
      };
      const { responses } = (paths['/v2/treasury/wallet'] as { post: Record<string, unknown> }).post as Record<
        string,
        unknown
      >;
      (paths['/v2/treasury/wallet'] as Record<string, unknown>).post = { responses };
    });
    const shown = await map('withdraw');
    expect(shown).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('demands fields we do not send: network'),
    });
    await note({ get_payout_wallet: RENAMED.get_payout_wallet, set_payout_wallet: RENAMED.set_payout_wallet });
    const client = await server(await market.agent('checked-worker'));
    expect(await client.refusal('withdraw', { amount_usdc: 1 })).toMatchObject({
      code: 'request_does_not_fit',
      message: expect.stringContaining('no money moved'),
    });
    expect(await client.refusal('set_payout_wallet', { address: WALLET })).toMatchObject({
      code: 'request_not_checked',
    });
    expect(sentTo(origin, /^POST/)).toEqual([]);
    const { findings } = (await cli(['doctor', '--json'])).json as { findings: { check: string; says: string }[] };
    expect(findings.find(({ check }) => check === 'contract')?.says).toContain('withdraw: demands network');
  });
});

describe('sota-mcp operations', () => {
  it('maps only what is offered and fits, for a person, and says where it wrote it', async () => {
    const { cli, map } = await place();
    expect(await cli(['operations'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('Nothing is mapped'),
    });
    const withPin = (...words: string[]) => cli(['operations', 'map', ...words, '--pin-stdin'], PIN);
    expect(await withPin('withdraw', 'POST', '/v2/treasury/nowhere')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('does not offer'),
    });
    expect(await withPin('withdraw', 'GET', '/v2/treasury/wallet')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('only reads'),
    });
    expect(await withPin('withdraw', 'POST', '/v2/marketplace/{id}/winner')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('path parameters'),
    });
    expect(await withPin('withdrow', 'POST', '/v2/treasury/withdrawals')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('did you mean withdraw?'),
    });
    expect(await withPin('withdraw', 'SEND', 'there')).toMatchObject({ status: 2 });
    const args = ['operations', 'map', 'withdraw', ...RENAMED.withdraw.split(' ')];
    expect(await cli(args)).toMatchObject({ status: 1, stderr: expect.stringContaining('PIN') });
    expect(await cli([...args, '--pin-stdin'], 'wrong pin')).toMatchObject({ status: 1 });
    expect((await cli(['operations', 'list', '--json'])).json).toMatchObject({ origins: [] });
    expect((await cli([...args, '--local'])).status).toBe(2);

    expect((await map('withdraw')).stdout).toContain('It moves money');
    expect((await cli(['config', 'set', 'profile', 'worker'])).status).toBe(0);
    expect((await cli(['operations', 'list'])).stdout).toContain(`withdraw  ${RENAMED.withdraw}`);
    expect((await cli(['operations', 'unmap', 'withdraw', '--json'])).json).toMatchObject({ route: null });
    expect((await cli(['operations', 'list', '--json'])).json).toMatchObject({ origins: [] });
  });
});
