import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ClosableClient, createClient } from '#client/create-client.ts';
import { createNonceIntents, type IntentRunner } from '#client/intents.ts';
import { createJournalIntents } from '#client/journal/create-journal-intents.ts';
import { placeBid } from '#contract/operations/worker.ts';
import { type Disk, nodeDisk } from '#kit/durable/disk.ts';
import { createLogger } from '#kit/log.ts';
import { quantile, round, type Table } from './bench.ts';

export const name = 'journal';
export const description = 'What it costs a call to be written down: the same call with and without the journal';

const CALLS = Number(process.env.SOTA_BENCH_CALLS ?? 400);
/** Of the disk the project lies on, not of a temporary file system in memory. */
const FOLDER = join(import.meta.dirname, 'results');

/** Takes the same files and waits for nothing. */
const hasty: Disk = {
  ...nodeDisk,
  async create(path, mode) {
    return { ...(await nodeDisk.create(path, mode)), sync: async () => undefined };
  },
  syncDirectory: async () => undefined,
};

/** The ways are measured in turns, call by call, so that what else the machine does meets all of them. */
export async function run(): Promise<Table> {
  mkdirSync(FOLDER, { recursive: true });
  const root = mkdtempSync(join(FOLDER, 'journal-'));
  let syncs = 0;
  const counting: Disk = {
    ...nodeDisk,
    async create(path, mode) {
      const file = await nodeDisk.create(path, mode);
      const sync = () => {
        syncs++;
        return file.sync();
      };
      return { ...file, sync };
    },
    syncDirectory(path) {
      syncs++;
      return nodeDisk.syncDirectory(path);
    },
  };
  const journal = (folder: string, disk: Disk) => createJournalIntents({ directory: join(root, folder), disk });
  const ways: Record<string, ClosableClient> = {
    'without a journal': clientOf(createNonceIntents()),
    'with the journal': clientOf(journal('real', nodeDisk)),
    'with a journal that does not wait for the disk': clientOf(journal('hasty', hasty)),
  };
  const samples: Record<string, { slot: number[]; fresh: number[] }> = {};
  for (const way of Object.keys(ways)) samples[way] = { slot: [], fresh: [] };
  const raw: number[] = [];
  try {
    for (let call = 0; call < CALLS + WARM_UP; call++) {
      for (const [way, client] of Object.entries(ways)) {
        const slot = await timed(() => again(client, call));
        const first = await timed(() => fresh(client, call));
        if (call < WARM_UP) continue;
        samples[way]?.slot.push(slot);
        samples[way]?.fresh.push(first);
      }
      if (call >= WARM_UP) raw.push(await timed(() => syncOne(join(root, `sync-${call}`))));
    }
    const counter = clientOf(journal('counted', counting));
    await (await again(counter, 0))();
    const before = syncs;
    await (await again(counter, 1))();
    return table(samples, raw, syncs - before);
  } finally {
    await Promise.all(Object.values(ways).map((client) => client.close(0)));
    rmSync(root, { recursive: true, force: true });
  }
}

const WARM_UP = 20;

function table(samples: Record<string, { slot: number[]; fresh: number[] }>, raw: number[], syncs: number): Table {
  const plain = samples['without a journal'];
  const over = (all: number[] = [], base: number[] = []) => round(quantile(all, 0.5) - quantile(base, 0.5), 2);
  return {
    columns: ['call', 'p50 ms', 'p99 ms', 'journal p50 ms', 'new slot p50 ms', 'journal p50 ms'],
    rows: Object.entries(samples).map(([way, { slot, fresh }]) => [
      way,
      round(quantile(slot, 0.5), 2),
      round(quantile(slot, 0.99), 2),
      over(slot, plain?.slot),
      round(quantile(fresh, 0.5), 2),
      over(fresh, plain?.fresh),
    ]),
    notes: [
      `${CALLS} calls each way, taken in turns, against a marketplace that answers at once: no network in any of them.`,
      'First columns: one bid after another on one job, each with another amount. New slot: each on a job of its own, which makes a directory.',
      `${syncs} waits for the disk a call (the intent and its directory while the caller waits; afterwards the outcome, and the directory for it and for the mark). One here: p50 ${round(quantile(raw, 0.5), 2)} ms, p99 ${round(quantile(raw, 0.99), 2)} ms.`,
      'To be at most 1.5 ms: the journal column of "with the journal".',
    ],
  };
}

/** As the server calls: the mark that an answer was seen is made once the answer has left, and delays nobody. */
async function place(client: ClosableClient, job: string, amount: number): Promise<() => Promise<void>> {
  const marks: (() => Promise<void>)[] = [];
  const request = { body: { job_id: job, amount_usdc: amount, estimated_seconds: 60 } };
  await client.run(placeBid, { slot: `bid/${job}`, request }, { onUnseen: (mark) => void marks.push(mark) });
  return async () => {
    for (const mark of marks) await mark();
  };
}
const again = (client: ClosableClient, call: number) => place(client, 'one', 1 + call);
const fresh = (client: ClosableClient, call: number) => place(client, `job-${call}`, 5);

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  const afterwards = await work();
  const took = performance.now() - started;
  if (typeof afterwards === 'function') await afterwards();
  return took;
}

/** The least that can be called written down: one small file, waited for. */
async function syncOne(path: string): Promise<void> {
  const file = await nodeDisk.create(path, 0o600);
  await file.write(Buffer.from('x'));
  await file.sync();
  await file.close();
}

function clientOf(intents: IntentRunner): ClosableClient {
  let serial = 0;
  const answer = async () => {
    serial += 1;
    return Response.json({ bid_id: `bid_${serial}`, status: 'bid_accepted', amount_usdc: 1 });
  };
  return createClient({
    origin: async () => 'http://127.0.0.1:9',
    auth: { current: async () => ({ key: 'sk_live_bench', source: 'environment', agentId: 'agent-bench' }) },
    fetch: async () => answer as unknown as typeof fetch,
    intents,
    log: createLogger({ level: 'silent' }),
  });
}
