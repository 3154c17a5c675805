import { sql } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256Hex } from '#kit/hash.ts';
import { exportMarket } from '#market/backup/export-market.ts';
import { importMarket } from '#market/backup/import-market.ts';
import { type Place, storageOf } from '#market/open-place.ts';
import { openDatabase } from '#market/storage/database.ts';
import { tableNames } from '#market/storage/tables.ts';
import { emptyFolder, emptyPlace, lastingPlace } from '../support/engine.ts';
import { manualClock, openTestMarket, type TestAgent } from '../support/market.ts';
import { restoreOld } from '../support/old-database.ts';

/** A marketplace written into a file and put back, on the engine under test, and from a folder into it and back. */
interface Original {
  readonly agents: { readonly requester: TestAgent; readonly worker: TestAgent };
  readonly lines: readonly string[];
}
let original: Original | undefined;
let agents: Original['agents'];
let lines: Original['lines'];
const clock = manualClock();

/** Written once: putting it back takes nothing from it. */
beforeEach(async () => {
  original ??= await trade();
  ({ agents, lines } = original);
});

async function trade(): Promise<Original> {
  const place = await lastingPlace();
  const market = await openTestMarket({ place, clock });
  const [requester, worker] = [await market.agent('requester'), await market.agent('worker')];
  for (const title of ['paid', 'open \u2028 „grün“ \u{1f600}']) {
    const job = (
      await requester.call('POST', 'jobs', {
        title,
        description: 'd',
        budget_usdc: 5,
        tags: ['code-review'],
        bid_window_seconds: 600,
      })
    ).body.id;
    const bid = (await worker.call('POST', 'agents/bid', { job_id: job, amount_usdc: 2.5, estimated_seconds: 60 })).body
      .id;
    if (title !== 'paid') continue;
    await requester.call('POST', `jobs/${job}/award`, { bid_id: bid });
    await worker.call('POST', `agents/jobs/${job}/accept`);
    await worker.call('POST', 'agents/deliver', { job_id: job, result: 'done' });
    await requester.call('POST', `jobs/${job}/accept-delivery`, { rating: 5 });
  }
  await market.advanceHours(1);
  await market.close();
  return { agents: { requester, worker }, lines: await exported(place) };
}

async function exported(from: Place): Promise<string[]> {
  const opened = await openDatabase(storageOf(from));
  const written: string[] = [];
  const report = await exportMarket(opened, clock.now(), async (line) => void written.push(line));
  await opened.close();
  expect(report.violations).toEqual([]);
  return written.map((line) => line.slice(0, -1));
}

async function* source(of: readonly string[]): AsyncGenerator<string> {
  yield* of;
}
const imported = (into: Place, from: readonly string[] = lines) => importMarket(storageOf(into), source(from));

/** The end that fits the lines before it, as somebody would forge it. */
const sealed = (body: readonly string[]) => [
  ...body,
  JSON.stringify({ end: true, rows: body.length - 1, sha256: sha256Hex(body.map((line) => `${line}\n`).join('')) }),
];

describe('a marketplace put back', () => {
  it.each([
    ['the same engine', emptyPlace],
    ['a folder', async () => emptyFolder()],
  ])('into %s is the same to the last row, and goes on', async (_where, target) => {
    const into = await target();
    expect((await imported(into)).rows).toBe(lines.length - 2);
    expect(await exported(into)).toEqual(lines);

    const again = await openTestMarket({ place: into, clock });
    const [requester, worker] = [again.as(agents.requester), again.as(agents.worker)];
    expect((await worker.call('GET', 'payouts/summary')).body).toMatchObject({ available_usdc: 2.25, pending_usdc: 0 });
    const { jobs } = (await requester.call('GET', 'jobs')).body;
    expect(jobs.map((job: { title: string }) => job.title)).toEqual(['open \u2028 „grün“ \u{1f600}', 'paid']);
    // New rows are numbered after the old ones.
    await requester.call('POST', 'jobs', { title: 'new', description: 'd', budget_usdc: 5, tags: ['code-review'] });
    expect((await requester.call('GET', 'jobs')).body.jobs[0].title).toBe('new');
    // Virtual time is as far ahead as it was.
    expect(again.market.context.clock.virtual() - again.market.context.clock.real()).toBe(3_600_000);
    expect(await again.violations()).toEqual([]);
    await again.close();
  });

  it('comes from the other engine as well', async () => {
    const folder = emptyFolder();
    await imported(folder);
    const into = await emptyPlace();
    await imported(into, await exported(folder));
    expect(await exported(into)).toEqual(lines);
  });

  it('may be put into a database that was opened and never used', async () => {
    const into = await lastingPlace();
    await (await openTestMarket({ place: into, clock })).close();
    await imported(into);
    expect(await exported(into)).toEqual(lines);
  });
});

describe('nothing is put back', () => {
  const refused = async (from: readonly string[], because: RegExp) => {
    const into = await emptyPlace();
    await expect(imported(into, from)).rejects.toThrow(because);
    const { db, close } = await openDatabase(storageOf(into));
    expect(await db.selectFrom('agents').select('id').execute()).toEqual([]);
    await close();
  };

  it('over a marketplace', async () => {
    const into = await emptyPlace();
    await imported(into);
    await expect(imported(into)).rejects.toThrow(/holds a marketplace already/);
    expect(await exported(into)).toEqual(lines);
  });
  it('of a file that is cut off', () => refused(lines.slice(0, -1), /cut off/));
  it('of a file that lacks a row', () => refused(lines.toSpliced(-2, 1), /damaged or changed/));
  it('of a file in which something was changed', () =>
    refused(
      lines.map((line) => line.replace('"requester@example.test"', '"attacker@example.test"')),
      /damaged or changed/,
    ));
  it('whose books are not in order', () =>
    refused(
      sealed(
        lines.slice(0, -1).map((line) => line.replace(/("id":"earnings:[^"]*","balance_micro":)\d+/, '$19250000')),
      ),
      /not in order/,
    ));
  it('of something else', async () => {
    const into = emptyFolder();
    await expect(imported(into, ['{"format":"else"}'])).rejects.toThrow(/not a backup/);
    await expect(imported(into, [])).rejects.toThrow(/not a backup/);
  });
  it('of a later version', () =>
    refused([lines[0]!.replace(/"schema":"[^"]*"/, '"schema":"9999-later"'), ...lines.slice(1)], /later version/));
});

describe('a marketplace of the first release', () => {
  const old = async () => {
    const folder = emptyFolder();
    return { folder, facts: await restoreOld(folder, 'schema-0001') };
  };

  it('is brought to the present and goes on where it was', async () => {
    const { folder, facts } = await old();
    await goesOn(folder, facts);
  });

  it('can move to the engine under test', async () => {
    const { folder, facts } = await old();
    const into = await emptyPlace();
    await imported(into, await exported(folder));
    await goesOn(into, facts);
  });

  it('can be put back from a backup of its own schema', async () => {
    const { folder, facts } = await old();
    const into = await emptyPlace();
    await imported(into, await exportedAsItIs(folder));
    await goesOn(into, facts);
  });

  async function goesOn(at: Place, facts: { now: number; requester: string; worker: string; novice: string }) {
    const time = manualClock(facts.now);
    const opened = await openTestMarket({ place: at, clock: time });
    const [requester, worker, novice] = [facts.requester, facts.worker, facts.novice].map((key) =>
      opened.as({ id: '', key }),
    );
    expect(await opened.violations()).toEqual([]);
    const jobs = async () =>
      Object.fromEntries(
        (await requester!.call('GET', 'jobs')).body.jobs.map((job: { title: string }) => [job.title, job]),
      );
    expect(await jobs()).toMatchObject({
      paid: { status: 'completed', escrow: { status: 'released' } },
      disputed: { status: 'disputed', escrow: { status: 'disputed' } },
      refunded: { status: 'disputed', escrow: { status: 'refunded' } },
      executing: { status: 'executing' },
      delivered: { status: 'completed', result: 'Zusammenfassung: „grün“ ✓', escrow: { status: 'delivered' } },
      bidding: { status: 'bidding', bids_count: 1 },
      manual: { status: 'bidding' },
      cancelled: { status: 'failed' },
    });
    expect((await novice!.call('GET', 'agents/me/sandbox-progress')).body).toMatchObject({
      status: 'sandbox',
      tests_passed: 1,
    });
    expect((await worker!.call('GET', 'payouts/summary')).body).toMatchObject({
      withdrawn_usdc: 1.25,
      available_usdc: 2.35,
    });
    // The marketplace was away, so whoever has work is given another chance, and loses it by silence like anybody else.
    const { jobs: mine } = (await worker!.call('GET', 'agents/jobs')).body;
    const underWay = mine.find((job: { title: string }) => job.title === 'executing');
    const kept = { job_id: underWay.id, result: 'at last' };
    await opened.passSeconds(45); // the key was rotated just before, and works for 60 s
    expect((await worker!.call('POST', 'agents/deliver', kept)).status).toBe(200);
    for (let seconds = 0; seconds < 180; seconds += 30) await opened.passSeconds(30);
    expect(await jobs()).toMatchObject({
      assigned: { status: 'bidding', retry_count: 1 },
      executing: { status: 'completed' },
    });
    await opened.advanceHours(24);
    expect(await jobs()).toMatchObject({ delivered: { escrow: { status: 'released' } } });
    expect(await opened.violations()).toEqual([]);
    await opened.close();
  }

  async function exportedAsItIs(folder: Place): Promise<string[]> {
    const { db, close } = await openDatabase(storageOf(folder), '0001-marketplace');
    const tables = (await db.introspection.getTables())
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('sqlite_'));
    const body = [
      '{"format":"sota-market-backup","version":1,"schema":"0001-marketplace","exported_at":"2026-01-01T00:00:00.000Z"}',
    ];
    for (const table of tableNames.filter((name) => tables.includes(name))) {
      const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(table)}`.execute(db);
      for (const row of rows) body.push(JSON.stringify({ table, row }));
    }
    await close();
    return sealed(body);
  }
});
