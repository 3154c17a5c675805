import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyWebhookSignature } from '#kit/webhook-signature.ts';
import { openMarket, type Place } from '#market/open-place.ts';
import { checkInvariants } from '#market/rules/ledger-invariants.ts';
import { createAgent, ensureUser } from '#market/rules/registration.ts';
import { sendWebhook } from '#market/webhooks/send-webhook.ts';
import type { WebhookSettings } from '#market/webhooks/webhook-settings.ts';
import { lastingPlace } from '../support/engine.ts';
import { http } from '../support/http.ts';
import { type ManualClock, manualClock, startTestMarket, type TestAgent, type TestMarket } from '../support/market.ts';
import { startReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

/** Events on their way to the agent, over real sockets. Time stands still, so retries come when the test says. */
const webhooks: WebhookSettings = { targets: 'local', retryDelaysMs: [10_000, 60_000], timeoutMs: 5_000 };
const DAY_S = 86_400;

let clock: ManualClock;
let market: TestMarket;
let receiver: WebhookReceiver;
let agent: TestAgent;
let secret: string;
beforeEach(async () => {
  clock = manualClock();
  receiver = await startReceiver();
  await start();
});
afterEach(async () => {
  await market.close();
  await receiver.close();
});

async function start(settings: Partial<WebhookSettings> = {}): Promise<void> {
  market = await startTestMarket({ clock, settings: { webhooks: { ...webhooks, ...settings } } });
  agent = await market.agent('worker');
  const recent = await market.market.db.selectFrom('agents').select('webhook_secret').executeTakeFirstOrThrow();
  secret = recent.webhook_secret;
}

const settled = async () => {
  await market.market.settleDue();
  await market.market.context.webhooks.idle();
};
const pass = async (seconds: number) => {
  await market.passSeconds(seconds);
  await settled();
};
/** Causes one event, `agent.status_changed`, and lets it go out. */
async function happen(action: 'pause' | 'unpause' = 'pause'): Promise<void> {
  await market.local('POST', `/_local/admin/agents/${agent.id}/${action}`, {});
  await settled();
}
const subscribe = (url: string | null = receiver.url) => agent.call('PATCH', 'agents/me', { webhook_url: url });
/** The event of the last happening: the one the agent moved by, out of those of its registration. */
const eventOf = async (to: 'paused' | 'active' = 'paused') => {
  const events: { payload: { to?: string; from?: string } }[] = (await agent.call('GET', 'agents/events')).body;
  return events.findLast(({ payload }) => payload.to === to && payload.from !== 'pending_review');
};
const verdict = (secrets: string[], index = -1) => {
  const { raw, headers } = receiver.received.at(index)!;
  const header = headers['x-sota-signature'] as string;
  return verifyWebhookSignature({ body: raw, header, secrets, now: clock.now() / 1000 }).valid;
};

describe('a message', () => {
  it('is signed over the bytes that arrive, and says what happened to whom', async () => {
    await subscribe();
    await happen();
    expect(receiver.received).toHaveLength(1);
    const { method, path, headers, body } = receiver.received[0]!;
    expect({ method, path }).toEqual({ method: 'POST', path: '/hook' });
    expect(headers['content-type']).toBe('application/json');
    expect(body).toEqual({
      id: expect.stringMatching(/^evt_/),
      event_type: 'agent.status_changed',
      event: 'agent.status_changed',
      agent_id: agent.id,
      created_at: new Date(clock.now()).toISOString(),
      ts: clock.now() / 1000,
      data: { from: 'active', to: 'paused' },
    });
    expect(verdict([secret])).toBe(true);
    expect(verdict(['whsec_of_somebody_else'])).toBe(false);
  });

  it('about a job names it beside the details', async () => {
    await subscribe();
    const requester = await market.agent('requester');
    const job = await requester.call('POST', 'jobs', { description: 'Do it', budget_usdc: 2, tags: ['code-review'] });
    await settled();
    expect(receiver.received.at(-1)?.body).toMatchObject({
      event_type: 'job.available',
      job_id: job.body.id,
      data: { budget_usdc: 2 },
    });
    expect(receiver.received.at(-1)?.body.data).not.toHaveProperty('job_id');
  });

  it('is in the list of events as delivered', async () => {
    await subscribe();
    await happen();
    expect(await eventOf()).toMatchObject({
      id: receiver.received[0]?.body.id,
      status: 'delivered',
      attempts: 1,
      last_result: 'HTTP 200',
      delivered_at: new Date(clock.now()).toISOString(),
    });
  });

  it('is not sent where there is no address, then or later', async () => {
    await happen();
    expect(await eventOf()).toMatchObject({ status: 'pending', attempts: 0 });
    await subscribe();
    await pass(DAY_S);
    expect(receiver.received).toEqual([]);
  });

  it('that could not be sent before the address was taken back is not sent after it', async () => {
    receiver.answer(500);
    await subscribe();
    await happen();
    await subscribe(null);
    await pass(DAY_S);
    expect(receiver.received).toHaveLength(1);
  });

  it('goes to the agent it is about and to no other', async () => {
    const other = await market.agent('other');
    await other.call('PATCH', 'agents/me', { webhook_url: receiver.url });
    await subscribe();
    await happen();
    expect(receiver.received.map(({ body }) => body.agent_id)).toEqual([agent.id]);
    expect((await other.call('GET', 'agents/events')).body.map((event: { id: string }) => event.id)).not.toContain(
      receiver.received[0]?.body.id,
    );
  });
});

describe('a receiver that fails', () => {
  it.each([
    [400],
    [404],
    [410],
    [429],
    [500],
    [503],
  ])('with %i gets the same bytes again, signed anew, after a wait', async (status) => {
    receiver.answer(status);
    await subscribe();
    await happen();
    expect(await eventOf()).toMatchObject({ status: 'pending', attempts: 1, last_result: `HTTP ${status}` });
    // Between half of what is set and all of it.
    await pass(4.9);
    expect(receiver.received).toHaveLength(1);
    receiver.answer(204);
    await pass(5.1);
    expect(receiver.received).toHaveLength(2);
    const [first, second] = receiver.received;
    expect(second?.raw).toEqual(first?.raw);
    expect(second?.headers['x-sota-signature']).not.toBe(first?.headers['x-sota-signature']);
    expect(verdict([secret])).toBe(true);
    expect(await eventOf()).toMatchObject({ status: 'delivered', attempts: 2 });
    await pass(DAY_S);
    expect(receiver.received).toHaveLength(2);
  });

  it('every time is given up, and the event says so', async () => {
    receiver.answer(500);
    await subscribe();
    await happen();
    await pass(10);
    await pass(60);
    expect(await eventOf()).toMatchObject({ status: 'failed', attempts: 3, last_result: 'HTTP 500' });
    receiver.answer(200);
    await pass(DAY_S);
    expect(receiver.received).toHaveLength(3);
  });

  it('by redirecting is not followed', async () => {
    const elsewhere = await startReceiver();
    receiver.answer((response) => response.writeHead(307, { Location: elsewhere.url }).end());
    await subscribe();
    await happen();
    expect(await eventOf()).toMatchObject({ status: 'pending', last_result: expect.stringMatching(/^HTTP 307/) });
    expect(elsewhere.received).toEqual([]);
    await elsewhere.close();
  });

  it('by not being there is told apart', async () => {
    await subscribe();
    await receiver.close();
    await happen();
    expect(await eventOf()).toMatchObject({ status: 'pending', last_result: 'ECONNREFUSED' });
  });

  it('by hanging up does not harm the others', async () => {
    receiver.answer((response) => response.destroy());
    await subscribe();
    await happen();
    expect(await eventOf()).toMatchObject({ status: 'pending', last_result: 'ECONNRESET' });
    receiver.answer(200);
    await happen('unpause');
    expect(await eventOf('active')).toMatchObject({ status: 'delivered' });
  });

  it('by never answering is not waited for', async () => {
    await market.close();
    await start({ timeoutMs: 150 });
    receiver.answer(() => {});
    await subscribe();
    await happen();
    expect(await eventOf()).toMatchObject({ status: 'pending', last_result: 'no answer within 150 ms' });
  });

  it('to end its answer has received all the same', async () => {
    receiver.answer((response) => {
      response.writeHead(200);
      const flood = setInterval(() => response.write(Buffer.alloc(16_384)), 1);
      response.on('close', () => clearInterval(flood));
    });
    await subscribe();
    await happen();
    expect(await eventOf()).toMatchObject({ status: 'delivered', last_result: 'HTTP 200' });
  });
});

describe('rotating the secret', () => {
  const rotate = (body: Record<string, unknown> = {}) =>
    http('POST', `${market.url}/_local/webhook-secret/rotate`, { key: agent.key, body });

  it('signs with both for a day, then with the new one alone', async () => {
    await subscribe();
    const { status, body } = await rotate();
    expect(status).toBe(200);
    expect(body.webhook_secret).toMatch(/^whsec_/);
    await happen();
    expect(receiver.received[0]?.headers['x-sota-signature']).toMatch(/^t=\d+,v1=\w{64},v1=\w{64}$/);
    expect([verdict([secret]), verdict([body.webhook_secret])]).toEqual([true, true]);
    clock.forward(DAY_S * 1000);
    await happen('unpause');
    expect([verdict([secret]), verdict([body.webhook_secret])]).toEqual([false, true]);
  });

  it('at once where no overlap is wanted', async () => {
    await subscribe();
    const { body } = await rotate({ overlap_seconds: 0 });
    await happen();
    expect([verdict([secret]), verdict([body.webhook_secret])]).toEqual([false, true]);
  });

  it('many times keeps within what receivers read', async () => {
    await subscribe();
    let latest = '';
    for (let turn = 0; turn < 10; turn += 1) latest = (await rotate()).body.webhook_secret;
    await happen();
    expect(verdict([latest])).toBe(true);
  });

  it('by recovery keeps the receiver going too', async () => {
    const owned = await http('POST', `${market.url}/api/v1/agents/register/simple`, {
      body: {
        email: 'lost@example.test',
        password: 'correct horse',
        agent_name: 'lost',
        capabilities: ['code-review'],
        webhook_url: receiver.url,
      },
    });
    await settled();
    const recovered = await http('POST', `${market.url}/api/v1/agents/recover`, {
      body: { recovery_token: owned.body.recovery_token },
    });
    await market.local('POST', `/_local/admin/agents/${owned.body.agent_id}/activate`, {});
    await settled();
    const at = receiver.received.findIndex(({ body }) => body.data.to === 'active');
    expect(verdict([owned.body.webhook_secret], at)).toBe(true);
    expect(verdict([recovered.body.webhook_secret], at)).toBe(true);
  });

  it('needs the key of the agent', async () => {
    expect(await http('POST', `${market.url}/_local/webhook-secret/rotate`, { body: {} })).toMatchObject({
      status: 401,
    });
  });
});

describe('where webhooks may go', () => {
  const refused = [
    'http://127.0.0.1/hook',
    'http://localhost:8080/hook',
    'http://sub.localhost/hook',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]/hook',
    'http://[::ffff:127.0.0.1]/',
    'http://10.0.0.8/hook',
    'http://192.168.1.1/',
    'http://[fd00::1]/',
  ];
  const never = [
    'http://169.254.169.254/latest/meta-data',
    'http://0.0.0.0/',
    'http://[fe80::1]/',
    'http://224.0.0.1/',
  ];

  it.each([...refused, ...never])('a marketplace for strangers refuses %s', async (url) => {
    await market.close();
    await start({ targets: 'public' });
    expect(await subscribe(url)).toMatchObject({ status: 422, body: { detail: { error: 'invalid_webhook_url' } } });
    expect((await subscribe('https://agent.example.com/hook')).status).toBe(200);
  });

  it.each(never)('a local one refuses even %s', async (url) => {
    expect(await subscribe(url)).toMatchObject({ status: 422, body: { detail: { error: 'invalid_webhook_url' } } });
  });

  it('what a name leads to is looked at when a message is sent', async () => {
    const url = receiver.url.replace('127.0.0.1', 'localhost');
    const message = { url, body: Buffer.from('{}'), headers: {} };
    const { signal } = new AbortController();
    const strangers = await sendWebhook(message, { targets: 'public', timeoutMs: 5_000 }, signal);
    expect(strangers).toEqual({ delivered: false, result: expect.stringMatching(/not one webhooks may go to/) });
    expect(receiver.received).toEqual([]);
    expect(await sendWebhook(message, { targets: 'local', timeoutMs: 5_000 }, signal)).toMatchObject({
      delivered: true,
    });
  });
});

describe('a marketplace that stops', () => {
  /** Over a database that can be opened again. */
  async function open(place: Place, send = sendWebhook) {
    const opened = await openMarket({ ...place, clock, settings: { webhooks }, send });
    return {
      ...opened,
      async idle() {
        await opened.settleDue();
        await opened.context.webhooks.idle();
      },
    };
  }
  const pause = (app: Awaited<ReturnType<typeof open>>['app'], id: string, action: string) =>
    app.request(`/_local/admin/agents/${id}/${action}`, { method: 'POST', body: '{}' });
  const newAgent = (opened: Awaited<ReturnType<typeof open>>) =>
    opened.db.transaction().execute(async (tx) => {
      const owner = await ensureUser(tx, 'owner@example.test', 'unused', clock.now());
      return createAgent(tx, opened.context, owner, {
        name: 'a',
        capabilities: ['code-review'],
        webhook_url: receiver.url,
      });
    });

  it('delivers after it was started again', async () => {
    const place = await lastingPlace();
    receiver.answer(503);
    const before = await open(place);
    const { agent_id } = await newAgent(before);
    await pause(before.app, agent_id, 'activate');
    await before.idle();
    const failed = receiver.received.length;
    expect(failed).toBeGreaterThan(0);
    await before.close();

    receiver.answer(200);
    clock.forward(60_000);
    const after = await open(place);
    await after.idle();
    const ids = receiver.received.map(({ body }) => body.id);
    expect(ids.slice(failed).sort()).toEqual(ids.slice(0, failed).sort());
    expect(await after.db.transaction().execute((tx) => checkInvariants(tx))).toEqual([]);
    await after.close();
  });

  it('makes an attempt that vanished again, once its lease is over', async () => {
    const place = await lastingPlace();
    const crashing = await open(place, async () => {
      throw new Error('the process is gone');
    });
    const { agent_id } = await newAgent(crashing);
    await pause(crashing.app, agent_id, 'activate');
    await crashing.idle();
    await crashing.close();

    const after = await open(place);
    await after.idle();
    expect(receiver.received).toEqual([]);
    clock.forward(60_000);
    await after.idle();
    const ids = receiver.received.map(({ body }) => body.id);
    expect(ids.length).toBeGreaterThan(0);
    expect(new Set(ids).size).toBe(ids.length);
    await after.close();
  });
});
