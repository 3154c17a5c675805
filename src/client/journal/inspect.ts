/** The journal as a person sees it who has to find out what is still open, and to say what became of it. */
import { join } from 'node:path';
import { operationById } from '#contract/operations/registry.ts';
import { type Clock, isoTime } from '#kit/clock.ts';
import { type Disk, nodeDisk } from '#kit/durable/disk.ts';
import { CorruptRecordError, listRecords, quarantine } from '#kit/durable/records.ts';
import { intentId } from './intent-id.ts';
import { putOutcome } from './outcome-file.ts';
import {
  type Generation,
  generationOf,
  MAY_BE_EMPTY,
  type OutRecord,
  outName,
  parseRecord,
  RECORD_NAME,
} from './records.ts';
import { slotsOf } from './recover.ts';
import { KEY_WINDOW_MS, ruleFor } from './rules.ts';
import { assemble, type SlotAddress } from './store.ts';

/**
 * `open`: no outcome yet; the server goes on with it by itself. `needs_human`: too old to be sent again. `corrupt`: a
 * record that cannot be read.
 */
export type IntentState = 'open' | 'needs_human' | 'done' | 'rejected' | 'corrupt';

export interface ListedIntent {
  readonly id: string;
  readonly state: IntentState;
  readonly operation: string;
  readonly createdAt: string;
  readonly directory: string;
  readonly slot: SlotAddress;
  readonly generation?: Generation;
  /** The file that cannot be read. */
  readonly corruptPath?: string;
}

interface Where {
  readonly directory: string;
  readonly clock: Clock;
  readonly disk?: Disk;
}

/** Every intent of every agent on this state directory, oldest first. Changes nothing. */
export async function listIntents({ directory, clock, disk = nodeDisk }: Where): Promise<ListedIntent[]> {
  const scopes = await disk.list(join(directory, 'agents')).catch((): string[] => []);
  const slots = (await Promise.all(scopes.map((scope) => slotsOf(directory, scope, disk)))).flat();
  const found = (await Promise.all(slots.map((slot) => intentsOf(slot, { directory, clock, disk })))).flat();
  return found.sort((a, b) => a.createdAt.localeCompare(b.createdAt));
}

async function intentsOf(slot: SlotAddress, { directory, clock, disk }: Required<Where>): Promise<ListedIntent[]> {
  const path = join(directory, 'agents', slot.scope, 'slots', slot.family, slot.hash);
  const kind = {
    name: RECORD_NAME,
    mayBeEmpty: MAY_BE_EMPTY,
    parse: parseRecord,
    corrupt: 'refuse',
    now: clock.now(),
  } as const;
  try {
    const { names, records } = await listRecords(path, kind, disk);
    return assemble(names, records).generations.map((generation) => ({
      id: intentId(slot, generation.gen),
      state: stateOf(generation, clock.now()),
      operation: generation.intent.op,
      createdAt: generation.intent.created_at,
      directory: path,
      slot,
      generation,
    }));
  } catch (error) {
    if (!(error instanceof CorruptRecordError)) throw error;
    const gen = generationOf(error.path.split(/[/\\]/).at(-1) ?? '') ?? 0;
    const place = { directory: path, slot, corruptPath: error.path };
    return [{ id: intentId(slot, gen), state: 'corrupt', operation: slot.family, createdAt: '', ...place }];
  }
}

function stateOf({ intent, out }: Generation, now: number): IntentState {
  if (out) return out.outcome;
  return now - Date.parse(intent.created_at) > KEY_WINDOW_MS ? 'needs_human' : 'open';
}

export type Resolution = 'executed' | 'not-executed';

/**
 * Writes down what a person found out. False: it was settled meanwhile, and that stands.
 * @param resultId id of the object that came of it, where known
 */
export async function resolveIntent(
  listed: ListedIntent,
  resolution: Resolution,
  { clock, disk = nodeDisk, resultId }: Omit<Where, 'directory'> & { readonly resultId?: string | undefined },
): Promise<boolean> {
  const { generation, corruptPath, directory } = listed;
  if (corruptPath !== undefined) {
    // Its number stays taken by the name it gets, so nothing is ever sent under its key again.
    await quarantine(corruptPath, clock.now(), disk);
    return true;
  }
  if (!generation || generation.out) return false;
  const executed = resolution === 'executed';
  const field = ruleFor(operationById(generation.intent.op) ?? { id: '' }).id?.[0] ?? 'result_id';
  const out: OutRecord = {
    v: 1,
    outcome: executed ? 'done' : 'rejected',
    data: executed && resultId !== undefined ? { [field]: resultId } : {},
    ...(executed && resultId !== undefined ? { result_id: resultId } : {}),
    at: isoTime(clock.now()),
    replayed: executed,
    attempts: 0,
    by: 'human',
    ...(executed
      ? {}
      : { error: { code: 'not_executed', message: 'A person said so.', fix: 'Call again if wanted.' } }),
  };
  const { outcome, finish } = await putOutcome(join(directory, outName(generation.gen)), JSON.stringify(out), disk);
  await finish();
  return outcome === 'created';
}
