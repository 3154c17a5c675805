import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type ClosableClient, createClient } from '#client/create-client.ts';
import { HeldBack } from '#client/intents.ts';
import { createJournalIntents, type JournalOptions } from '#client/journal/create-journal-intents.ts';
import { listIntents, resolveIntent } from '#client/journal/inspect.ts';
import type { CallOptions } from '#client/types.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { withdraw } from '#contract/operations/payouts.ts';
import { placeBid } from '#contract/operations/worker.ts';
import { type Clock, systemClock } from '#kit/clock.ts';
import { type Disk, nodeDisk } from '#kit/durable/disk.ts';
import { createLogger } from '#kit/log.ts';
import { type FakeDisk, fakeDisk, systemError } from '../../support/fake-disk.ts';
import { fastProfiles } from '../../support/fast-profiles.ts';
import { BID, type PayingOrigin, payingOrigin, WITHDRAW } from '../../support/paying-origin.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const once = { ...fastProfiles.tool, maxAttempts: 1 };
/** Until an event that comes for certain, however busy the machine is. */
const PATIENCE = { timeout: 20_000 };
const MONTH = 30 * 24 * 3_600_000;

interface Process {
  readonly client: ClosableClient;
  readonly lines: string[];
  readonly recover: () => Promise<unknown>;
}

/** One server process over a state directory; a second one is a restart, or a neighbour. */
function start(
  origin: PayingOrigin,
  directory: string,
  {
    agentId = 'agent-1',
    attempts = 1,
    ...options
  }: Partial<JournalOptions> & { agentId?: string; attempts?: number } = {},
): Process {
  const lines: string[] = [];
  const log = createLogger({ level: 'debug', write: (line) => lines.push(line) });
  const intents = createJournalIntents({ directory, log, rng: () => 0, ...options });
  const client = createClient({
    origin: async () => origin.url,
    auth: { current: async () => ({ key: 'sk_live_x', source: 'environment', agentId }) },
    profiles: { ...fastProfiles, tool: { ...once, maxAttempts: attempts } },
    clock: options.clock ?? systemClock,
    intents,
    log,
  });
  onTestFinished(() => client.close(0));
  return { client, lines, recover: async () => await intents.recover?.({ origin: origin.url, agentId }) };
}

/** A call whose answer is handed on by somebody who says later whether it arrived. */
const unseen: CallOptions = { onUnseen: () => {} };
const seen: CallOptions = { onUnseen: (markSeen) => void marks.push(markSeen) };
const marks: (() => Promise<void>)[] = [];
const arrive = async (): Promise<void> => {
  for (const mark of marks.splice(0)) await mark();
};

const pay = ({ client }: Process, amount: number, options: CallOptions = {}, after?: string) =>
  client.run(
    withdraw,
    { slot: 'withdraw', request: { body: { amount_usdc: amount } }, ...(after === undefined ? {} : { after }) },
    options,
  );
const bid = ({ client }: Process, amount: number, options: CallOptions = {}) =>
  client.run(
    placeBid,
    { slot: 'bid/j1', request: { body: { job_id: 'j1', amount_usdc: amount, estimated_seconds: 60 } } },
    options,
  );

async function failing(promise: Promise<unknown>): Promise<SotaError> {
  const error = await promise.then(
    (value) => {
      throw new Error(`expected an error, got ${JSON.stringify(value)}`);
    },
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SotaError)) throw error;
  return error;
}

async function held(promise: Promise<unknown>): Promise<HeldBack> {
  const error = await promise.catch((thrown: unknown) => thrown);
  if (!(error instanceof HeldBack)) throw error;
  return error;
}

const filesBelow = (directory: string): string[] =>
  (readdirSync(directory, { recursive: true }) as string[]).filter((name) => statSync(join(directory, name)).isFile());
const recordIn = (directory: string, ending: string): string =>
  join(directory, filesBelow(directory).find((name) => name.endsWith(ending)) ?? 'missing');

test('one key for all attempts, after a restart, and for a neighbour', async () => {
  const origin = await payingOrigin();
  const directory = temporaryDirectory();
  origin.luck = ['lost before', 'lost after', 'lost before'];
  expect(await failing(pay(start(origin, directory, { attempts: 2 }), 5))).toMatchObject({ outcome: 'unknown' });
  expect(await failing(pay(start(origin, directory), 5))).toMatchObject({ outcome: 'unknown' });
  expect(await pay(start(origin, directory), 5, unseen)).toMatchObject({
    outcome: 'replayed',
    data: { withdrawal_id: 'wd_1' },
  });
  expect(origin.keys(WITHDRAW)).toHaveLength(4);
  expect(new Set(origin.keys(WITHDRAW)).size).toBe(1);
  expect(origin.payments).toHaveLength(1);
});

test('two agents, two origins: different keys', async () => {
  const [one, two] = [await payingOrigin(), await payingOrigin()];
  const directory = temporaryDirectory();
  await pay(start(one, directory), 5);
  await pay(start(one, directory, { agentId: 'agent-2' }), 5);
  await pay(start(two, directory), 5);
  expect(new Set([...one.keys(WITHDRAW), ...two.keys(WITHDRAW)]).size).toBe(3);
});

test('an answer that never arrived is given again, also after days; one that arrived is not repeated by itself', async () => {
  const origin = await payingOrigin();
  const directory = temporaryDirectory();
  const first = start(origin, directory);
  expect(await pay(first, 5, unseen)).toMatchObject({ outcome: 'done', data: { withdrawal_id: 'wd_1' } });
  const later: Clock = { ...systemClock, now: () => Date.now() + MONTH };
  expect(await pay(start(origin, directory, { clock: later }), 5, seen)).toMatchObject({
    outcome: 'replayed',
    data: { withdrawal_id: 'wd_1', amount_usdc: 5 },
    recovery: { action: 'repeat_with_after', after: 'wd_1' },
  });
  await arrive();
  expect(await held(pay(first, 5, seen))).toMatchObject({
    outcome: 'possible_duplicate',
    previous: { withdrawal_id: 'wd_1' },
    recovery: { action: 'repeat_with_after', after: 'wd_1' },
  });
  expect(await pay(first, 5, unseen, 'wd_1')).toMatchObject({ outcome: 'done', data: { withdrawal_id: 'wd_2' } });
  // The caller that lost this answer knows the first one only.
  expect(await pay(start(origin, directory), 5, unseen, 'wd_1')).toMatchObject({
    outcome: 'replayed',
    data: { withdrawal_id: 'wd_2' },
  });
  expect(origin.payments.map(({ id }) => id)).toEqual(['wd_1', 'wd_2']);
});

test('amounts are equal by what they are worth', async () => {
  const origin = await payingOrigin();
  const one = start(origin, temporaryDirectory());
  for (const amount of [5, '5', '5.00', '5.000000'] as unknown as number[]) await pay(one, amount, unseen);
  expect(origin.payments).toHaveLength(1);
  await pay(one, '5.000001' as unknown as number);
  expect(origin.payments).toHaveLength(2);
});

test('without its journal a repeat is said to be one', async () => {
  const origin = await payingOrigin();
  const directory = temporaryDirectory();
  await pay(start(origin, directory), 5);
  rmSync(join(directory, 'agents'), { recursive: true });
  expect(await pay(start(origin, directory), 5)).toMatchObject({
    outcome: 'replayed',
    data: { withdrawal_id: 'wd_1' },
  });
  expect(origin.payments).toHaveLength(1);
});

test('a journal that is taken away while the server runs is begun anew', async () => {
  const origin = await payingOrigin();
  const directory = temporaryDirectory();
  const one = start(origin, directory);
  await pay(one, 5);
  rmSync(join(directory, 'agents'), { recursive: true });
  expect(await pay(one, 6, unseen)).toMatchObject({ outcome: 'done', data: { withdrawal_id: 'wd_2' } });
  expect(await pay(start(origin, directory), 6)).toMatchObject({ outcome: 'replayed' });
  expect(origin.payments).toHaveLength(2);
});

test('nothing new is sent while something older may still act, and its result is told', async () => {
  const origin = await payingOrigin();
  const directory = temporaryDirectory();
  origin.luck = ['lost after', 'lost before'];
  await failing(bid(start(origin, directory), 5));
  const second = start(origin, directory);
  expect(await failing(bid(second, 4))).toMatchObject({ code: 'previous_unknown', outcome: 'unknown' });
  expect(await held(bid(second, 4))).toMatchObject({
    outcome: 'previous_resolved',
    previous: { operation: 'place_bid', bid_id: 'bid_1' },
  });
  expect(origin.bids).toHaveLength(1);
  expect(await bid(second, 4)).toMatchObject({ outcome: 'done', data: { bid_id: 'bid_2' } });
});

test('an older one that was refused stands in nobody’s way', async () => {
  const origin = await payingOrigin();
  const directory = temporaryDirectory();
  origin.luck = ['lost before', 'refused'];
  await failing(pay(start(origin, directory), 5));
  expect(await pay(start(origin, directory), 4)).toMatchObject({ outcome: 'done', data: { amount_usdc: 4 } });
});

test('equal calls at once are one, in a process and across processes; different ones all happen', async () => {
  const origin = await payingOrigin();
  const directory = temporaryDirectory();
  const processes = [start(origin, directory, { attempts: 50 }), start(origin, directory, { attempts: 50 })];
  origin.luck = ['slow'];
  const calls = processes.flatMap((process) => Array.from({ length: 20 }, () => pay(process, 5, unseen)));
  await vi.waitFor(() => expect(origin.to(WITHDRAW).length).toBeGreaterThan(1), PATIENCE);
  origin.release();
  const outcomes = (await Promise.all(calls)).map(({ outcome, data }) => `${outcome} ${data.withdrawal_id}`);
  expect(new Set(outcomes)).not.toContain('done wd_2');
  expect(outcomes.filter((outcome) => outcome === 'done wd_1').length).toBeLessThanOrEqual(1);
  expect(outcomes).toContain('joined wd_1');
  expect(origin.payments).toHaveLength(1);
  const parallel = await Promise.all([6, 7, 8].map((amount) => pay(processes[0]!, amount)));
  expect(parallel.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done']);
  expect(origin.payments).toHaveLength(4);
});

test('a caller that stops waiting loses nothing: it is finished, stays unseen, and is given to the next one', async () => {
  const origin = await payingOrigin();
  const directory = temporaryDirectory();
  const one = start(origin, directory);
  const controller = new AbortController();
  origin.luck = ['slow'];
  const call = failing(pay(one, 5, { signal: controller.signal }));
  await vi.waitFor(() => expect(origin.to(WITHDRAW)).toHaveLength(1), PATIENCE);
  controller.abort();
  expect(await call).toMatchObject({ code: 'cancelled', outcome: 'unknown' });
  origin.release();
  await one.client.close(5_000);
  expect(await pay(start(origin, directory), 5)).toMatchObject({
    outcome: 'replayed',
    data: { withdrawal_id: 'wd_1' },
  });
  expect(origin.to(WITHDRAW)).toHaveLength(1);
});

test('on a full disk money is refused with the reason before anything is sent; the rest goes on from memory', async () => {
  const origin = await payingOrigin();
  const full = {
    ...nodeDisk,
    create: () => Promise.reject(Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' })),
  };
  const one = start(origin, temporaryDirectory(), { disk: full });
  const error = await failing(pay(one, 5));
  expect(error).toMatchObject({ code: 'journal_unavailable', outcome: 'rejected' });
  expect(error.message).toContain('ENOSPC');
  expect(origin.to(WITHDRAW)).toEqual([]);
  expect(await bid(one, 5, unseen)).toMatchObject({ outcome: 'done' });
  expect(await bid(one, 5, unseen)).toMatchObject({ outcome: 'replayed', data: { bid_id: 'bid_1' } });
  expect(one.lines.filter((line) => line.includes('cannot be written'))).toHaveLength(1);
});

test('an outcome that cannot be written down is still told, and asked for again after a restart', async () => {
  const origin = await payingOrigin();
  const directory = temporaryDirectory();
  let creations = 0;
  const disk = {
    ...nodeDisk,
    create: (path: string, mode: number) =>
      ++creations > 1
        ? Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }))
        : nodeDisk.create(path, mode),
  };
  const one = start(origin, directory, { disk });
  expect(await pay(one, 5)).toMatchObject({ outcome: 'done' });
  expect(await held(pay(one, 5))).toMatchObject({ outcome: 'possible_duplicate' });
  expect(await pay(start(origin, directory), 5)).toMatchObject({
    outcome: 'replayed',
    data: { withdrawal_id: 'wd_1' },
  });
  expect(origin.payments).toHaveLength(1);
});

test('a record of money that cannot be read stops money until a person has looked', async () => {
  const origin = await payingOrigin();
  const directory = temporaryDirectory();
  await pay(start(origin, directory), 5);
  writeFileSync(recordIn(directory, '.intent.json'), '{"v":1,"op":');
  for (const amount of [5, 6]) {
    const error = await failing(pay(start(origin, directory), amount));
    expect(error).toMatchObject({ code: 'journal_corrupt', outcome: 'unknown' });
    expect(error.fix).toContain(String(error.details?.intent_id));
  }
  const [corrupt] = await listIntents({ directory, clock: systemClock });
  expect(corrupt).toMatchObject({ state: 'corrupt' });
  expect(await resolveIntent(corrupt!, 'executed', { clock: systemClock })).toBe(true);
  expect(await pay(start(origin, directory), 6)).toMatchObject({ outcome: 'done' });
  expect(origin.payments.map(({ amount }) => amount)).toEqual([5, 6]);
  expect(filesBelow(directory).some((name) => name.includes('.intent.json.corrupt-'))).toBe(true);
});

test('any other record that cannot be read is set aside, and its number stays taken', async () => {
  const origin = await payingOrigin();
  const directory = temporaryDirectory();
  await bid(start(origin, directory), 5);
  writeFileSync(recordIn(directory, '.intent.json'), '');
  await bid(start(origin, directory), 5);
  expect(new Set(origin.keys(BID)).size).toBe(2);
});

test('where keys are not honoured, money is looked for before it is sent again', async () => {
  const origin = await payingOrigin({ honoursKeys: false });
  const directory = temporaryDirectory();
  origin.luck = ['lost after'];
  await failing(pay(start(origin, directory, { attempts: 3 }), 5));
  expect(await pay(start(origin, directory), 5)).toMatchObject({
    outcome: 'replayed',
    data: { withdrawal_id: 'wd_1' },
  });
  expect(origin.to(WITHDRAW)).toHaveLength(1);
});

test('where keys are not honoured and nothing is to be seen, it is sent again only when it cannot arrive any more', async () => {
  const origin = await payingOrigin({ honoursKeys: false });
  const directory = temporaryDirectory();
  origin.luck = ['lost before'];
  await failing(pay(start(origin, directory), 5));
  expect(await failing(pay(start(origin, directory), 5))).toMatchObject({ outcome: 'unknown' });
  expect(origin.to(WITHDRAW)).toHaveLength(1);
  const later: Clock = { ...systemClock, now: () => Date.now() + 300_000 };
  expect(await pay(start(origin, directory, { clock: later }), 5)).toMatchObject({ outcome: 'done' });
  expect(origin.payments).toHaveLength(1);
});

test('beyond the time keys are kept nothing is sent again: it is looked for, or waits for a person', async () => {
  const origin = await payingOrigin();
  const later: Clock = { ...systemClock, now: () => Date.now() + 2 * 24 * 3_600_000 };
  const found = temporaryDirectory();
  origin.luck = ['lost after'];
  await failing(pay(start(origin, found), 5));
  expect(await pay(start(origin, found, { clock: later }), 5)).toMatchObject({ data: { withdrawal_id: 'wd_1' } });
  expect(origin.to(WITHDRAW)).toHaveLength(1);

  const dark = temporaryDirectory();
  origin.luck = ['lost after'];
  await failing(pay(start(origin, dark), 7));
  origin.on('GET /api/v1/payouts/activity', { status: 404 });
  const error = await failing(pay(start(origin, dark, { clock: later }), 7));
  expect(error).toMatchObject({ code: 'needs_human', outcome: 'unknown', recovery: { action: 'ask_human' } });
  expect(await failing(pay(start(origin, dark, { clock: later }), 8))).toMatchObject({ code: 'needs_human' });
  const [parked] = await listIntents({ directory: dark, clock: later });
  expect(parked).toMatchObject({ state: 'needs_human', id: error.details?.intent_id });
  expect(await resolveIntent(parked!, 'executed', { clock: later, resultId: 'wd_2' })).toBe(true);
  expect(await pay(start(origin, dark, { clock: later }), 7)).toMatchObject({
    outcome: 'replayed',
    data: { withdrawal_id: 'wd_2' },
  });
  expect(origin.to(WITHDRAW)).toHaveLength(2);
});

test("a caller's own key stands for one request, whatever came before", async () => {
  const origin = await payingOrigin();
  const directory = temporaryDirectory();
  const mine = { idempotencyKey: 'order-17' };
  expect(await pay(start(origin, directory), 5, mine)).toMatchObject({ outcome: 'done' });
  expect(await pay(start(origin, directory), 5, mine)).toMatchObject({ outcome: 'replayed' });
  expect(await failing(pay(start(origin, directory), 6, mine))).toMatchObject({ code: 'idempotency_conflict' });
  expect(await pay(start(origin, directory), 5, { idempotencyKey: 'order-18' })).toMatchObject({ outcome: 'done' });
  expect(origin.payments).toHaveLength(2);
});

test('a restart brings what was left open to its end, money first', async () => {
  const origin = await payingOrigin();
  const directory = temporaryDirectory();
  origin.luck = ['lost before', 'lost after'];
  const before = start(origin, directory);
  await failing(bid(before, 5));
  await failing(pay(before, 5));
  const sent = origin.received.length;
  const after = start(origin, directory);
  expect(await after.recover()).toEqual({ found: 2, settled: 2 });
  const order = origin.received.slice(sent).filter(({ method }) => method === 'POST');
  expect(order.map(({ path }) => path)).toEqual([WITHDRAW, BID]);
  expect(await pay(after, 5)).toMatchObject({ outcome: 'replayed', data: { withdrawal_id: 'wd_1' } });
  expect([origin.payments.length, origin.bids.length]).toEqual([1, 1]);
  expect(await start(origin, directory).recover()).toEqual({ found: 0, settled: 0 });
});

test('a bid that was taken back behind our back is placed again, one that stands is not', async () => {
  const origin = await payingOrigin();
  const one = start(origin, temporaryDirectory());
  await bid(one, 5);
  expect(await bid(one, 5)).toMatchObject({ outcome: 'replayed', data: { bid_id: 'bid_1' } });
  origin.bids[0]!.status = 'cancelled';
  expect(await bid(one, 5)).toMatchObject({ outcome: 'done', data: { bid_id: 'bid_2' } });
});

test('an intent found on disk is made sure of before it is sent again: its writer may have died before it was safe', async () => {
  const origin = await payingOrigin();
  const disk = fakeDisk();
  // The directories are there; the last step of the claim does not happen.
  await pay(start(origin, '/state', { disk }), 1);
  disk.failing = (step, path) =>
    step === 'syncDirectory' && path.includes('/slots/withdraw/') ? systemError('EIO') : undefined;
  expect(await failing(pay(start(origin, '/state', { disk }), 5))).toMatchObject({ code: 'journal_unavailable' });
  disk.failing = () => undefined;
  origin.luck = ['lost after'];
  await failing(pay(start(origin, '/state', { disk }), 5));
  expect(origin.payments).toHaveLength(2);
  expect(
    disk
      .powerCut()
      .files()
      .filter((name) => name.endsWith('000001.intent.json')),
  ).toHaveLength(1);
});

test('files are the owner’s alone, and hold nothing of an answer that is not listed', async () => {
  const origin = await payingOrigin();
  const directory = join(temporaryDirectory(), 'state');
  await pay(start(origin, directory), 5);
  const modes = filesBelow(directory).map((name) => statSync(join(directory, name)).mode & 0o777);
  expect(new Set(modes)).toEqual(new Set([0o600]));
  expect(statSync(join(directory, 'agents')).mode & 0o777).toBe(0o700);
  expect(
    filesBelow(directory)
      .map((name) => name.split('/').at(-1))
      .sort(),
  ).toEqual(['000000.intent.json', '000000.out.json', '000000.seen']);
});

test('an answer does not wait until the name of its outcome is safe, where the marketplace would repeat it', async () => {
  const origin = await payingOrigin();
  const disk = fakeDisk();
  let answered: () => void = () => undefined;
  const answer = new Promise<void>((resolve) => {
    answered = resolve;
  });
  const slow: Disk = {
    ...disk,
    async syncDirectory(path) {
      const settled = disk.files().some((name) => name.startsWith(path) && name.endsWith('.out.json'));
      if (settled) await answer;
      await disk.syncDirectory(path);
    },
  };
  const one = start(origin, '/state', { disk: slow, honoursKeys: true });
  expect(await pay(one, 5, unseen)).toMatchObject({ outcome: 'done' });
  // The power goes before the name is safe: what was answered is heard again, not done again.
  const next = start(origin, '/state', { disk: disk.powerCut(), honoursKeys: true });
  expect(await pay(next, 5)).toMatchObject({ outcome: 'replayed', data: { withdrawal_id: 'wd_1' } });
  expect(origin.payments).toHaveLength(1);
  answered();
});

/** The same disk, where the content of an outcome is safe only once it is let go. */
function holdingOutcomes(disk: FakeDisk): { readonly slow: Disk; letGo(): void } {
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const slow: Disk = {
    ...disk,
    async create(path, mode) {
      const file = await disk.create(path, mode);
      let text = '';
      return {
        ...file,
        write(bytes) {
          text += Buffer.from(bytes).toString();
          return file.write(bytes);
        },
        async sync() {
          if (text.includes('"outcome":')) await held;
          await file.sync();
        },
      };
    },
  };
  return { slow, letGo };
}

test('an outcome that a power cut emptied counts as none: it is asked for again and written anew', async () => {
  const origin = await payingOrigin();
  const disk = fakeDisk();
  const { slow, letGo } = holdingOutcomes(disk);
  await pay(start(origin, '/state', { disk: slow, honoursKeys: true }), 5, seen);
  await arrive();
  const after = disk.powerCut();
  const outcome = after.files().find((name) => name.endsWith('.out.json')) ?? '';
  expect((await after.entry(outcome))?.size).toBe(0);
  const next = start(origin, '/state', { disk: after, honoursKeys: true });
  expect(await pay(next, 5)).toMatchObject({ outcome: 'replayed', data: { withdrawal_id: 'wd_1' } });
  expect(origin.payments).toHaveLength(1);
  await next.client.close(1_000);
  expect((await after.powerCut().entry(outcome))?.size).toBeGreaterThan(100);
  letGo();
});

test('what ended while its folder was being read is neither sent again nor told as somebody else’s', async () => {
  const origin = await payingOrigin();
  const disk = fakeDisk();
  let go: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  let looks = 0;
  const slow: Disk = {
    ...disk,
    async list(path) {
      const names = await disk.list(path);
      if (names.includes('000000.intent.json') && ++looks === 1) await held;
      return names;
    },
  };
  const one = start(origin, '/state', { disk: slow, honoursKeys: true });
  origin.luck = ['slow'];
  const first = pay(one, 5);
  await vi.waitFor(() => expect(origin.to(WITHDRAW)).toHaveLength(1), PATIENCE);
  const second = pay(one, 6);
  await vi.waitFor(() => expect(looks).toBe(1), PATIENCE);
  origin.release();
  expect(await first).toMatchObject({ outcome: 'done', data: { withdrawal_id: 'wd_1' } });
  go();
  expect(await second).toMatchObject({ outcome: 'done', data: { withdrawal_id: 'wd_2' } });
  expect(origin.to(WITHDRAW)).toHaveLength(2);
});

test('nothing new is claimed before the outcome before it survives a power cut', async () => {
  const origin = await payingOrigin();
  const disk = fakeDisk();
  const { slow, letGo } = holdingOutcomes(disk);
  const one = start(origin, '/state', { disk: slow, honoursKeys: true });
  await pay(one, 5);
  const next = pay(one, 6);
  // Longer than anything takes that does not wait for it.
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  expect(disk.files().filter((name) => name.endsWith('000001.intent.json'))).toEqual([]);
  letGo();
  expect(await next).toMatchObject({ outcome: 'done', data: { withdrawal_id: 'wd_2' } });
});

test('another wish of the same process does not hear of an answer that its own caller is about to have', async () => {
  const origin = await payingOrigin();
  const disk = fakeDisk();
  let go: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  let holds = 1;
  const slow: Disk = {
    ...disk,
    async syncDirectory(path) {
      const settled = disk.files().some((name) => name.startsWith(path) && name.endsWith('.out.json'));
      if (settled && holds-- > 0) await held;
      await disk.syncDirectory(path);
    },
  };
  const one = start(origin, '/state', { disk: slow });
  const first = pay(one, 5);
  await vi.waitFor(() => expect(holds).toBeLessThan(1), PATIENCE);
  expect(await pay(one, 6)).toMatchObject({ outcome: 'done', data: { withdrawal_id: 'wd_2' } });
  go();
  expect(await first).toMatchObject({ outcome: 'done', data: { withdrawal_id: 'wd_1' } });
});

test('where nobody would repeat it, an answer waits until its outcome survives a power cut', async () => {
  const origin = await payingOrigin();
  const disk = fakeDisk();
  const order: string[] = [];
  const slow: Disk = {
    ...disk,
    async syncDirectory(path) {
      const settled = disk.files().some((name) => name.startsWith(path) && name.endsWith('.out.json'));
      // Longer than anything takes that does not wait for it.
      if (settled) for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
      await disk.syncDirectory(path);
      if (settled) order.push('safe');
    },
  };
  await pay(start(origin, '/state', { disk: slow }), 5, unseen);
  expect([...order, 'answered']).toEqual(['safe', 'answered']);
});

const generationsIn = (files: readonly string[], ending: string) =>
  files.filter((name) => name.endsWith(ending)).length;

test('a slot that is used for long stays small, and what is open or unread in it stays', async () => {
  const origin = await payingOrigin();
  const disk = fakeDisk();
  const one = start(origin, '/state', { disk, honoursKeys: true });
  await bid(one, 1000, unseen);
  for (let amount = 1; amount < 100; amount++) {
    await bid(one, amount).catch((error: unknown) => {
      // The first of them is told of the answer nobody has had.
      if (!(error instanceof HeldBack)) throw error;
    });
  }
  await one.client.close(0);
  expect(generationsIn(disk.files(), '.intent.json')).toBeLessThan(80);
  expect(generationsIn(disk.files(), '.out.json')).toBe(generationsIn(disk.files(), '.intent.json'));
  expect(disk.files().filter((name) => name.endsWith('000098.intent.json'))).toHaveLength(1);
  expect(await bid(start(origin, '/state', { disk }), 99)).toMatchObject({ outcome: 'replayed' });
});

test('wherever the power goes while old generations are deleted, none of them looks open', async () => {
  const origin = await payingOrigin();
  const disk = fakeDisk();
  const cuts: ReturnType<typeof fakeDisk>[] = [];
  let deleted = 0;
  disk.failing = (step, path) => {
    if (step === 'unlink' && !path.includes('.tmp-')) deleted += 1;
    if (deleted > 0) cuts.push(disk.powerCut());
    return undefined;
  };
  const one = start(origin, '/state', { disk, honoursKeys: true });
  for (let amount = 1; amount <= 66; amount++) await bid(one, amount);
  await one.client.close(0);
  expect(deleted).toBeGreaterThanOrEqual(32 * 3);
  for (const cut of cuts) {
    const listed = await listIntents({ directory: '/state', clock: systemClock, disk: cut });
    expect(listed.slice(0, -4).filter(({ state }) => state !== 'done')).toEqual([]);
  }
});

test('withdrawals can be looked up for a month', async () => {
  const origin = await payingOrigin();
  const disk = fakeDisk();
  const one = start(origin, '/state', { disk, honoursKeys: true });
  for (let amount = 1; amount <= 70; amount++) await pay(one, amount);
  await one.client.close(0);
  expect(generationsIn(disk.files(), '.intent.json')).toBe(70);
  const later = start(origin, '/state', {
    disk,
    honoursKeys: true,
    clock: { ...systemClock, now: () => Date.now() + MONTH },
  });
  await pay(later, 71);
  await later.client.close(0);
  expect(generationsIn(disk.files(), '.intent.json')).toBeLessThan(40);
});
