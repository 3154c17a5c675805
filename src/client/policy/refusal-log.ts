import { appendFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SotaError } from '#contract/errors/sota-error.ts';
import { type Clock, isoTime } from '#kit/clock.ts';
import { errorCode } from '#kit/durable/disk.ts';
import { putOnce } from '#kit/durable/files.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';
import type { Logger } from '#kit/log.ts';

/** Somebody who is refused this often within this time is trying the fences. */
const BURST = 5;
const BURST_MS = 10 * 60_000;
/** Of a log that grew for years only the end matters. */
const MAX_READ = 256 * 1024;

/** While this file exists, nothing that spends or cannot be undone is sent; `sota-mcp unlock` removes it. */
export function lockFile(stateDir: string): string {
  return join(stateDir, 'locked');
}

export interface RefusalLog {
  /** Writes a refusal down and, after too many within a short time, locks. Never throws. */
  note(error: SotaError, about: { operation: string; origin?: string; agentId?: string }): Promise<void>;
}

/** The owner's record of what was refused: `refusals.log`, one JSON object per line. */
export function createRefusalLog(stateDir: string, { clock, log }: { clock: Clock; log: Logger }): RefusalLog {
  const path = join(stateDir, 'refusals.log');
  return {
    async note(error, { operation, origin, agentId }) {
      const { code, details } = error;
      const entry = {
        at: isoTime(clock.now()),
        operation,
        code,
        setting: details?.setting,
        origin,
        agent_id: agentId,
        message: error.message,
      };
      try {
        await ensurePrivateDirectory(stateDir);
        await appendFile(path, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
        if (COUNTED.has(code) && (await recent(path, clock.now())) >= BURST) {
          const why = `${BURST} refusals within ${BURST_MS / 60_000} minutes`;
          const created = await putOnce(lockFile(stateDir), `${JSON.stringify({ at: entry.at, why })}\n`);
          if (created === 'created') log.warn('spending is locked', { why, unlock: 'sota-mcp unlock' });
        }
      } catch (cause) {
        log.warn('a refusal could not be written down', { problem: errorCode(cause) ?? String(cause) });
      }
    },
  };
}

/** Waiting for a human, or being read-only, is no attempt at anything. */
const COUNTED = new Set(['cap_exceeded', 'approval_declined', 'approval_not_valid', 'invalid_wallet_address']);

async function recent(path: string, now: number): Promise<number> {
  const { size } = await stat(path);
  const text = await readFile(path, 'utf8');
  let count = 0;
  for (const line of text.slice(-Math.min(size, MAX_READ)).split('\n')) {
    try {
      const { at, code } = JSON.parse(line) as { at: string; code: string };
      const age = now - Date.parse(at);
      if (COUNTED.has(code) && age < BURST_MS && age > -BURST_MS) count += 1;
    } catch {
      // A line that was cut, by us or by a crash.
    }
  }
  return count;
}
