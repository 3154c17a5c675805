import { join } from 'node:path';
import { operationById } from '#contract/operations/registry.ts';
import { type Clock, sleep } from '#kit/clock.ts';
import { crashPoint } from '#kit/crash-point.ts';
import type { Disk } from '#kit/durable/disk.ts';
import type { Logger } from '#kit/log.ts';
import { intentId } from './intent-id.ts';
import { scopeOf } from './key.ts';
import { isAlive } from './liveness.ts';
import type { Generation } from './records.ts';
import { ruleFor } from './rules.ts';
import { NotExecuted, type Settling } from './settle.ts';
import type { JournalStore, SlotAddress } from './store.ts';

export interface RecoveryParts {
  readonly directory: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: JournalStore;
  readonly settling: Settling;
  readonly rng?: () => number;
}

export interface RecoveryReport {
  /** Intents without an outcome that nobody else was at. */
  readonly found: number;
  readonly settled: number;
}

export type Recover = (who: { readonly origin: string; readonly agentId: string }) => Promise<RecoveryReport>;

/** Several processes may wake at once; they need not all ask at once. */
const JITTER_MS = 250;
/** The live process that began an intent this recently is still at it. */
const OTHERS_TURN_MS = 60_000;

/**
 * Brings to their end the intents that an earlier process left open: money first, then the rest. Rotations are the
 * session's to bring to their end, because their answer belongs into the credentials. What stays open is told, and
 * stays open.
 */
export function createRecovery(parts: RecoveryParts): Recover {
  const { directory, disk, clock, log, store, settling, rng = Math.random } = parts;

  return async ({ origin, agentId }) => {
    const scope = scopeOf(origin, agentId);
    const open = await findOpen(scope);
    let settled = 0;
    for (const { slot, of } of open) {
      const operation = operationById(of.intent.op);
      if (!operation) continue;
      await sleep(rng() * JITTER_MS, { clock });
      crashPoint('before-recover');
      try {
        await settling.settle({ slot, of, agentId, origin, operation, resumed: true });
        settled += 1;
      } catch (error) {
        if (error instanceof NotExecuted) settled += 1;
        else log.warn('an intent of an earlier run is still open', { intent: intentId(slot, of.gen), error });
      }
      crashPoint('after-recover');
    }
    return { found: open.length, settled };
  };

  async function findOpen(scope: string): Promise<{ slot: SlotAddress; of: Generation }[]> {
    const open: { slot: SlotAddress; of: Generation; rank: number }[] = [];
    for (const slot of await slotsOf(directory, scope, disk)) {
      // A slot that cannot be read is told to whoever calls; here it only must not stop the others.
      const state = await store.read(slot, true).catch(() => undefined);
      const of = state?.generations.at(-1);
      const operation = of && operationById(of.intent.op);
      if (!of || of.out || !operation || settling.isUnderWay(of.intent.key)) continue;
      const { rank } = ruleFor(operation);
      const young = clock.now() - Date.parse(of.intent.created_at) < OTHERS_TURN_MS;
      if (rank === 0 || (young && isAlive(of.intent))) continue;
      open.push({ slot, of, rank });
    }
    return open.sort((a, b) => a.rank - b.rank);
  }
}

/** Every slot of an agent that has a directory. */
export async function slotsOf(directory: string, scope: string, disk: Disk): Promise<SlotAddress[]> {
  const root = join(directory, 'agents', scope, 'slots');
  const names = (path: string) => disk.list(path).catch((): string[] => []);
  const slots: SlotAddress[] = [];
  for (const family of await names(root)) {
    for (const hash of await names(join(root, family))) slots.push({ scope, family, hash });
  }
  return slots;
}
