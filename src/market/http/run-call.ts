import { sql } from 'kysely';
import { Refusal, refuse } from '../rules/refuse.ts';
import type { Database, Tx } from '../storage/database.ts';
import { tryLockName } from '../storage/locks.ts';
import { repeatOnConflict } from '../storage/transaction.ts';
import { type AnyRoute, isReply } from './define-route.ts';
import { IN_FLIGHT, type KeyedCall, keepAnswer, keptAnswer, lockNameOf } from './idempotency.ts';
import { isKept, type Outgoing, refusalAnswer } from './respond.ts';

export interface Call {
  readonly route: AnyRoute;
  readonly input: unknown;
  /** Real milliseconds. */
  readonly now: number;
  /** Present where the caller sent an Idempotency-Key. */
  readonly keyed?: KeyedCall | undefined;
  readonly retentionMs: number;
}

export interface Ran {
  readonly answer: Outgoing;
  readonly replayed: boolean;
}

/**
 * Prepares and applies one call. Effect, ledger, activity and the kept answer are one transaction; where it loses
 * against another one, the whole call is run again from what it finds then. A keyed call has its key to itself from
 * before its effect until after its answer is kept, across all processes, and a process that dies lets go of it.
 * @throws Refusal, with the effect rolled back; InvalidRequest
 */
export async function runCall(db: Database, call: Call): Promise<Ran> {
  const outcome = await repeatOnConflict(async () => {
    const prepared = await prepare(db, call);
    return db
      .transaction()
      .execute((tx) => (call.keyed ? runKeyed(tx, call, call.keyed, prepared) : run(tx, call, prepared)));
  });
  if (outcome.refusal) throw outcome.refusal;
  return outcome;
}

type Prepared = { readonly value: unknown; readonly refusal?: undefined } | { readonly refusal: Refusal };
type Outcome = (Ran & { readonly refusal?: undefined }) | { readonly refusal: Refusal };

async function prepare(db: Database, { route, input }: Call): Promise<Prepared> {
  try {
    return { value: await route.prepare?.(input as never, db) };
  } catch (error) {
    if (error instanceof Refusal) return { refusal: error };
    throw error;
  }
}

async function run(tx: Tx, { route, input }: Call, prepared: Prepared): Promise<Outcome> {
  if (prepared.refusal) throw prepared.refusal;
  const value = await route.apply(tx, input as never, prepared.value as never);
  const answer = isReply(value)
    ? { status: value.status, body: value.body, headers: value.headers }
    : { status: 200, body: value };
  return { answer, replayed: false };
}

async function runKeyed(tx: Tx, call: Call, keyed: KeyedCall, prepared: Prepared): Promise<Outcome> {
  const { now, retentionMs } = call;
  if (!(await tryLockName(tx, lockNameOf(keyed)))) refuse(...IN_FLIGHT);
  const kept = await keptAnswer(tx, keyed, now);
  if (kept) return { answer: kept, replayed: true };
  await sql`savepoint effect`.execute(tx);
  try {
    const outcome = await run(tx, call, prepared);
    if (!outcome.refusal) await keepAnswer(tx, keyed, outcome.answer, now, retentionMs);
    return outcome;
  } catch (error) {
    // A rule's no is an answer too: a repeat of the same call gets the same no. What the rule did before it is undone.
    if (!(error instanceof Refusal) || !isKept(error)) throw error;
    await sql`rollback to savepoint effect`.execute(tx);
    await keepAnswer(tx, keyed, refusalAnswer(error), now, retentionMs);
    return { refusal: error };
  }
}
