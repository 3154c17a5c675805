/**
 * Rotating the key so that a lost answer does not lock the agent out. The old key works for 60 s more, and for as long
 * a repeat with the same Idempotency-Key answers with the same new key; so a note is written down before anything
 * is sent, and whoever finds a fresh one (this process or the next) sends again. The new key is in the credentials
 * before the journal says that the rotation is done.
 */
import { randomUUID } from 'node:crypto';
import { SotaError } from '#contract/errors/sota-error.ts';
import { teach } from '#contract/errors/teach.ts';
import { getMe, rotateKeys } from '#contract/operations/agent.ts';
import { type Clock, isoTime } from '#kit/clock.ts';
import { keyFingerprint, type StoredAgent } from './credentials.ts';
import type { IntentHooks } from './intents.ts';
import { NothingToResume } from './journal/create-journal-intents.ts';
import { keyPrefix } from './key-ring.ts';
import type { FlowContext } from './register-flow.ts';
import type { CallOptions, Settled } from './types.ts';

export interface Rotated {
  readonly key_id?: string;
  readonly keyPrefix: string;
  readonly storedAt: string;
}

/** How long the old key goes on working. */
const GRACE_MS = 60_000;

/** Whether a rotation was left without an answer and can still be brought to its end. */
export function hasOpenRotation(agent: StoredAgent | undefined, key: string, now: number): boolean {
  const noted = agent?.rotation;
  return noted !== undefined && noted.from === keyFingerprint(key) && now - Date.parse(noted.started_at) < GRACE_MS;
}

type Noted = NonNullable<StoredAgent['rotation']>;

/**
 * @param onlyResume end an open rotation, or do nothing when there is none any more
 * @throws SotaError
 * @throws HeldBack
 */
export async function rotateFlow(
  context: FlowContext,
  originId: string,
  clock: Clock,
  {
    after,
    onlyResume = false,
    ...options
  }: Omit<CallOptions, 'signal'> & { after?: string | undefined; onlyResume?: boolean } = {},
): Promise<Settled<Rotated> | undefined> {
  const { client, store, keys } = context;
  return await store.exclusively(async () => {
    const held = keys.held(originId);
    if (!held) throw keys.problem();
    const before = store.get(originId);
    const open = hasOpenRotation(before, held.key, clock.now()) ? before?.rotation : undefined;
    const rotation = open ?? { nonce: randomUUID(), from: keyFingerprint(held.key), started_at: isoTime(clock.now()) };
    try {
      const settled = await client.run(
        rotateKeys,
        {
          slot: 'keys/rotate',
          nonce: rotation.nonce,
          request: { body: {} },
          hooks: hooksOf(context, originId, rotation, held.agentId),
          resumeOnly: onlyResume,
          ...(after === undefined ? {} : { after }),
        },
        options,
      );
      const stored = keys.held(originId)?.key ?? held.key;
      const { key_id } = settled.data;
      return {
        ...settled,
        data: { ...(key_id === undefined ? {} : { key_id }), keyPrefix: keyPrefix(stored), storedAt: store.path },
      };
    } catch (error) {
      const over = error instanceof NothingToResume;
      const refused = error instanceof SotaError && error.outcome === 'rejected' && !(open && error.retryable);
      if ((over || refused) && store.get(originId)?.rotation) {
        await store.update(originId, (agent) => {
          const { rotation: _over, ...rest } = agent ?? {};
          return Object.keys(rest).length > 0 ? rest : undefined;
        });
      }
      if (over) return undefined;
      throw error;
    }
  });
}

function hooksOf(
  { client, store, keys }: FlowContext,
  originId: string,
  rotation: Noted,
  agentId: string | undefined,
): IntentHooks {
  return {
    async known(key) {
      const agent = store.get(originId);
      return agent?.rotated_by === keyFingerprint(key) ? { key_id: agent.key_id } : undefined;
    },

    async beforeSend() {
      await store.update(originId, (agent) => ({ ...(agentId ? { agent_id: agentId } : {}), ...agent, rotation }));
    },

    async persist(data, key) {
      const { api_key, key_id } = data as { api_key?: unknown; key_id?: string };
      if (typeof api_key !== 'string') {
        throw teach.unknownOutcome(rotateKeys, 'the answer has no key', { repeatable: true, attempts: 1 });
      }
      const next = (agent: StoredAgent | undefined): StoredAgent => {
        const { rotation: _done, key_id: _old, ...rest } = agent ?? {};
        const rotated_from = [...new Set([...(rest.rotated_from ?? []), rotation.from])];
        const issued = { api_key, ...(key_id === undefined ? {} : { key_id }) };
        return { ...rest, ...issued, rotated_from, rotated_by: keyFingerprint(key) };
      };
      keys.issued(originId, next(store.get(originId)));
      try {
        await store.update(originId, next);
      } catch (error) {
        throw teach.notStored('rotated', store.path, error);
      }
      keys.stored(originId);
    },

    /** Once the grace is over: where the old key still works, it was not replaced. */
    async look() {
      const noted = store.get(originId)?.rotation;
      if (!noted || noted.from !== keyFingerprint(keys.held(originId)?.key ?? '')) return { kind: 'absent' };
      return await client.call(getMe, {}).then(
        () => ({ kind: 'absent' }) as const,
        () => ({ kind: 'unclear' }) as const,
      );
    },
  };
}
