/**
 * Rotating the key so that a lost answer does not lock the agent out. The old key works for 60 s more, and for as long
 * a repeat with the same Idempotency-Key answers with the same new key; so the nonce is written down before anything
 * is sent, and whoever finds a fresh note (this process or the next) sends again.
 */
import { randomUUID } from 'node:crypto';
import { SotaError } from '#contract/errors/sota-error.ts';
import { teach } from '#contract/errors/teach.ts';
import { rotateKeys } from '#contract/operations/agent.ts';
import { type Clock, isoTime } from '#kit/clock.ts';
import { keyFingerprint, type StoredAgent } from './credentials.ts';
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

/**
 * @param onlyResume end an open rotation, or do nothing when there is none any more
 * @throws SotaError
 */
export async function rotateFlow(
  { client, store, keys }: FlowContext,
  originId: string,
  clock: Clock,
  {
    after,
    onAttempt,
    onlyResume = false,
  }: Pick<CallOptions, 'onAttempt'> & { after?: string | undefined; onlyResume?: boolean } = {},
): Promise<Settled<Rotated> | undefined> {
  return await store.exclusively(async () => {
    const held = keys.held(originId);
    if (!held) throw keys.problem();
    const before = store.get(originId);
    const open = hasOpenRotation(before, held.key, clock.now()) ? before?.rotation : undefined;
    if (onlyResume && !open) return undefined;
    const rotation = open ?? { nonce: randomUUID(), from: keyFingerprint(held.key), started_at: isoTime(clock.now()) };
    await store.update(originId, (agent) => ({
      ...(held.agentId ? { agent_id: held.agentId } : {}),
      ...agent,
      rotation,
    }));
    try {
      const settled = await client.run(
        rotateKeys,
        {
          slot: 'keys/rotate',
          nonce: rotation.nonce,
          request: { body: {} },
          ...(after === undefined ? {} : { after }),
        },
        onAttempt ? { onAttempt } : {},
      );
      const { api_key, key_id } = settled.data;
      if (typeof api_key !== 'string')
        throw teach.unknownOutcome(rotateKeys, 'the answer has no key', {
          repeatable: true,
          attempts: settled.attempts,
        });
      const next = (agent: StoredAgent | undefined): StoredAgent => {
        const { rotation: _done, key_id: _old, ...rest } = agent ?? {};
        const rotated_from = [...new Set([...(rest.rotated_from ?? []), rotation.from])];
        return { ...rest, api_key, ...(key_id === undefined ? {} : { key_id }), rotated_from };
      };
      keys.issued(originId, next(store.get(originId)));
      try {
        await store.update(originId, next);
      } catch (error) {
        throw teach.notStored('rotated', store.path, error);
      }
      keys.stored(originId);
      return {
        ...settled,
        data: { ...(key_id === undefined ? {} : { key_id }), keyPrefix: keyPrefix(api_key), storedAt: store.path },
      };
    } catch (error) {
      // Whatever stops the repeat of a rotation before it is answered leaves that one as open as it was.
      const final = error instanceof SotaError && error.outcome !== 'unknown';
      if (final && !(open && (error.retryable || error.outcome !== 'rejected'))) {
        await store.update(originId, (agent) => {
          const { rotation: _refused, ...rest } = agent ?? {};
          return Object.keys(rest).length > 0 ? rest : undefined;
        });
      }
      throw error;
    }
  });
}
