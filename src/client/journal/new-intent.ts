import { hostname } from 'node:os';
import { isoTime } from '#kit/clock.ts';
import type { IntentCall } from '../intents.ts';
import { deriveKey } from './key.ts';
import type { IntentRecord } from './records.ts';

/** Where in the history of its slot an intent stands. */
export type Standing = Pick<IntentRecord, 'slot' | 'gen' | 'fp' | 'epoch'>;

/**
 * The record of a call that is about to begin. Here, and nowhere else, its key is derived.
 * @param now milliseconds
 */
export function newIntent(call: IntentCall, { slot, gen, fp, epoch }: Standing, now: number): IntentRecord {
  const { operation, origin, agentId, request } = call;
  return {
    v: 1,
    op: operation.id,
    slot,
    gen,
    fp,
    key: deriveKey({ origin, agentId, operation: operation.id, slot, epoch, fp, generation: gen }),
    target: request.target,
    ...(request.body === undefined ? {} : { body: request.body }),
    ...(request.sentAs === undefined ? {} : { sent_as: request.sentAs }),
    epoch,
    keyed: call.keyed,
    ...(call.explicitKey === undefined ? {} : { explicit: true as const }),
    created_at: isoTime(now),
    pid: process.pid,
    host: hostname(),
  };
}
