import { hostname } from 'node:os';
import type { IntentRecord } from './records.ts';

/**
 * Whether another process that began an intent is still there, as far as can be told: process ids are reused, and
 * containers share them. Only words and courtesy follow from it, never what is sent.
 */
export function isAlive({ pid, host }: Pick<IntentRecord, 'pid' | 'host'>): boolean {
  if (host !== hostname() || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether this process began an intent. */
export function isOwn({ pid, host }: Pick<IntentRecord, 'pid' | 'host'>): boolean {
  return pid === process.pid && host === hostname();
}
