import type { IntentCall } from '../intents.ts';
import type { CallOptions } from '../types.ts';
import type { Generation } from './records.ts';
import type { JournalStore, SlotAddress } from './store.ts';

/** Who of this process still has to hear what became of an intent. */
export interface Hearing {
  /** Keys of intents whose outcome is on its way to a call of this process: nobody else need be told of them first. */
  readonly toBeHeard: Pick<ReadonlySet<string>, 'has'>;
  /** Brings an outcome about that somebody waits for; it may be on disk before he has it. */
  whileAwaited<T>(key: string, work: () => Promise<T>): Promise<T>;
  /**
   * The answer goes to its caller. With a host in between, the host's pipe tells when it has left. What is only brought
   * to its end has no caller.
   */
  give(slot: SlotAddress, of: Generation, call: Pick<IntentCall, 'resumeOnly'>, how: CallOptions): Promise<void>;
}

export function createHearing(store: Pick<JournalStore, 'markSeen'>): Hearing {
  /** Answers that calls of this process were given and that have not left for the host yet. */
  const handedOver = new Set<string>();
  const awaited = new Map<string, number>();

  return {
    toBeHeard: { has: (key) => handedOver.has(key) || awaited.has(key) },

    async whileAwaited(key, work) {
      awaited.set(key, (awaited.get(key) ?? 0) + 1);
      try {
        return await work();
      } finally {
        const others = (awaited.get(key) ?? 1) - 1;
        if (others > 0) awaited.set(key, others);
        else awaited.delete(key);
      }
    },

    async give(slot, { gen, intent }, { resumeOnly }, { onUnseen, signal }) {
      if (resumeOnly || signal?.aborted) return;
      if (!onUnseen) return await store.markSeen(slot, gen);
      const over = () => handedOver.delete(intent.key);
      handedOver.add(intent.key);
      signal?.addEventListener('abort', over, { once: true });
      onUnseen(async () => {
        const written = store.markSeen(slot, gen);
        over();
        await written;
      });
    },
  };
}
