import { type JobStatus, jobMachine } from '#contract/states/job.ts';
import { parseUsdc } from '#kit/money.ts';
import { checkInvariants } from '#market/rules/ledger-invariants.ts';
import type { Database, Tx } from '#market/storage/database.ts';
import { fromJson, micro } from '#market/storage/rows.ts';
import type { Facts } from './facts.ts';

/**
 * Everything that must be true of a database between two transactions, whatever happened to the processes before:
 * the books are in order, whatever waits has its due-date and nothing else has one, every job's history is one unbroken
 * walk through its state machine that ends where the job is, and all that was acknowledged is there.
 * @returns one sentence per violation
 */
export async function verify(db: Database, facts: Facts): Promise<string[]> {
  // One moment, while others may go on writing.
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => [
      ...(await checkInvariants(tx)),
      ...(await dueDatesFit(tx)),
      ...(await historiesAreUnbroken(tx)),
      ...(await openListsFit(tx)),
      ...(await factsHold(tx, facts)),
    ]);
}

/** After everything was answered: there is nothing that nobody was told of, so nothing happened twice. */
export async function verifyNothingElse(db: Database, facts: Facts): Promise<string[]> {
  const count = async (table: 'jobs' | 'bids') =>
    Number(
      (
        await db
          .selectFrom(table)
          .select((e) => e.fn.countAll<number>().as('n'))
          .executeTakeFirstOrThrow()
      ).n,
    );
  const withdrawals = await db.selectFrom('payouts').selectAll().where('type', '=', 'withdrawal').execute();
  const sums = new Map<string, bigint>();
  for (const { agent_id, amount_micro } of withdrawals) {
    sums.set(agent_id, (sums.get(agent_id) ?? 0n) + micro(amount_micro));
  }
  const told = new Map<string, bigint>();
  for (const { agent, usdc } of facts.withdrawals.values()) told.set(agent, (told.get(agent) ?? 0n) + parseUsdc(usdc));
  const found: string[] = [];
  const expect = (what: string, is: unknown, should: unknown) => {
    if (is !== should) found.push(`${what}: ${is} in the database, ${should} acknowledged`);
  };
  expect('jobs', await count('jobs'), facts.jobs.size);
  expect('bids', await count('bids'), facts.bids.size);
  expect('withdrawals', withdrawals.length, facts.withdrawals.size);
  for (const agent of new Set([...sums.keys(), ...told.keys()])) {
    expect(`withdrawn by ${agent}`, sums.get(agent), told.get(agent));
  }
  return found;
}

async function dueDatesFit(tx: Tx): Promise<string[]> {
  const wanted = new Set<string>();
  const jobs = await tx.selectFrom('jobs').select(['id', 'status']).execute();
  const delivered = await tx.selectFrom('escrows').select('job_id').where('status', '=', 'delivered').execute();
  const undecided = new Set(delivered.map((row) => row.job_id));
  for (const { id, status } of jobs) {
    if (status === 'bidding') wanted.add(`bid_window ${id}`);
    if (status === 'assigned' || status === 'executing') wanted.add(`winner_offline ${id}`);
    if (status === 'executing') wanted.add(`execution_timeout ${id}`);
    if (status === 'completed' && undecided.has(id)) wanted.add(`auto_confirm ${id}`).add(`auto_release ${id}`);
  }
  const due = await tx
    .selectFrom('due_dates')
    .select(['kind', 'subject'])
    .where('kind', 'in', ['bid_window', 'winner_offline', 'execution_timeout', 'auto_confirm', 'auto_release'])
    .execute();
  const there = new Set(due.map(({ kind, subject }) => `${kind} ${subject}`));
  return [
    ...[...wanted].filter((name) => !there.has(name)).map((name) => `Lost due-date: ${name}`),
    ...[...there]
      .filter((name) => !wanted.has(name))
      .map((name) => `Due-date of something that does not wait: ${name}`),
  ];
}

async function openListsFit(tx: Tx): Promise<string[]> {
  const rows = await tx
    .selectFrom('job_tags')
    .innerJoin('jobs', 'jobs.id', 'job_tags.job_id')
    .select(['jobs.id', 'jobs.status', 'jobs.seq as jobSeq', 'job_tags.seq', 'job_tags.is_open'])
    .execute();
  return rows
    .filter((row) => (row.status === 'bidding') !== (row.is_open === 1) || Number(row.jobSeq) !== Number(row.seq))
    .map((row) => `Job ${row.id} is ${row.status}, its tags say ${row.is_open === 1 ? 'open' : 'closed'}`);
}

async function historiesAreUnbroken(tx: Tx): Promise<string[]> {
  const jobs = await tx.selectFrom('jobs').select(['id', 'status', 'requester_id']).execute();
  const moves = await tx
    .selectFrom('activity')
    .select(['agent_id', 'job_id', 'payload'])
    .where('event_type', '=', 'job_status')
    .orderBy('id')
    .execute();
  const requesters = new Map(jobs.map((job) => [job.id, job.requester_id]));
  const at = new Map<string, string>();
  const found: string[] = [];
  for (const { agent_id, job_id, payload } of moves) {
    if (job_id === null || requesters.get(job_id) !== agent_id) continue;
    const { from, to } = fromJson<{ from: JobStatus; to: JobStatus }>(payload);
    const before = at.get(job_id) ?? jobMachine.initial;
    const legal = jobMachine.transitions.some(
      (move) => (move.from as readonly string[]).includes(from) && move.to === to,
    );
    if (from !== before || !legal) found.push(`Job ${job_id} went from ${from} to ${to} while it was ${before}`);
    at.set(job_id, to);
  }
  for (const { id, status } of jobs) {
    if ((at.get(id) ?? jobMachine.initial) !== status)
      found.push(`Job ${id} is ${status}, its history ends at ${at.get(id)}`);
  }
  return found;
}

async function factsHold(tx: Tx, facts: Facts): Promise<string[]> {
  const lost: string[] = [];
  const need = (holds: boolean, what: string) => {
    if (!holds) lost.push(`Acknowledged and lost: ${what}`);
  };
  const jobs = new Map(
    (await tx.selectFrom('jobs').select(['id', 'requester_id', 'error_code']).execute()).map((row) => [row.id, row]),
  );
  for (const [id, { requester }] of facts.jobs) need(jobs.get(id)?.requester_id === requester, `job ${id}`);
  for (const id of facts.cancelled)
    need(jobs.get(id)?.error_code === 'cancelled_by_requester', `cancellation of job ${id}`);

  const bids = new Map(
    (await tx.selectFrom('bids').select(['id', 'job_id', 'agent_id']).execute()).map((row) => [row.id, row]),
  );
  for (const [id, { job, agent }] of facts.bids)
    need(bids.get(id)?.job_id === job && bids.get(id)?.agent_id === agent, `bid ${id}`);

  const escrows = await tx.selectFrom('escrows').select(['job_id', 'worker_id', 'status']).execute();
  const funded = new Set(escrows.map((row) => `${row.job_id} ${row.worker_id}`));
  for (const [job, bid] of facts.awards)
    need(funded.has(`${job} ${bids.get(bid)?.agent_id}`), `award of ${bid} on job ${job}`);
  const released = new Set(escrows.filter((row) => row.status === 'released').map((row) => row.job_id));
  const payouts = new Map((await tx.selectFrom('payouts').selectAll().execute()).map((row) => [row.id, row]));
  const earned = new Set([...payouts.values()].filter((row) => row.type === 'earning').map((row) => row.job_id));
  for (const id of facts.released) need(released.has(id) && earned.has(id), `payment for job ${id}`);
  for (const [id, { agent, usdc }] of facts.withdrawals) {
    const row = payouts.get(id);
    need(row?.agent_id === agent && micro(row.amount_micro) === parseUsdc(usdc), `withdrawal ${id}`);
  }

  const accepted = new Map<string, number>();
  const hashes = new Set<string>();
  const moves = await tx
    .selectFrom('activity')
    .select(['agent_id', 'job_id', 'payload'])
    .where('event_type', '=', 'job_status')
    .execute();
  for (const { agent_id, job_id, payload } of moves) {
    if (job_id === null || jobs.get(job_id)?.requester_id !== agent_id) continue;
    const { from, to, result_hash } = fromJson<{ from: string; to: string; result_hash?: string }>(payload);
    if (from === 'assigned' && to === 'executing') accepted.set(job_id, (accepted.get(job_id) ?? 0) + 1);
    if (result_hash !== undefined) hashes.add(`${job_id} ${result_hash}`);
  }
  for (const [id, times] of facts.accepted) need((accepted.get(id) ?? 0) >= times, `acceptance of job ${id}`);
  for (const [id, delivered] of facts.deliveries)
    for (const hash of delivered) need(hashes.has(`${id} ${hash}`), `delivery of job ${id}`);
  return lost;
}
