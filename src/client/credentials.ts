/**
 * The agents of this machine's user, one per marketplace, in one file that only the user can read. Several servers
 * share it: every read looks whether the file was replaced, every change is made under a lock that ends with its
 * process, on the content as it is then.
 */
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { teach } from '#contract/errors/teach.ts';
import { errorCode } from '#kit/durable/disk.ts';
import { replaceFile } from '#kit/durable/files.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';
import { sha256Hex } from '#kit/hash.ts';
import type { Logger } from '#kit/log.ts';
import { withOwnership } from '#kit/os-lock.ts';
import type { RegisterArguments } from './types.ts';

/** Everything about one agent. Snake case, because people open this file. */
export interface StoredAgent {
  readonly agent_id?: string;
  readonly name?: string;
  readonly api_key?: string;
  readonly key_id?: string;
  readonly webhook_secret?: string;
  readonly recovery_token?: string;
  readonly user_id?: string;
  readonly email?: string;
  readonly password?: string;
  /** {@link keyFingerprint} of keys this one replaced, so that an old one in the environment is recognised. */
  readonly rotated_from?: readonly string[];
  /** Fingerprint of the Idempotency-Key this key was issued under: tells a rotation that is done from one that is open. */
  readonly rotated_by?: string;
  /** A registration that was sent, or about to be, and is not answered. */
  readonly registration?: { readonly nonce: string; readonly password: string; readonly args: RegisterArguments };
  /** A rotation that was sent, or about to be, and is not answered. `from`: fingerprint of the key it replaces. */
  readonly rotation?: { readonly nonce: string; readonly from: string; readonly started_at: string };
}

export interface CredentialsStore {
  readonly path: string;
  /** The agent at a marketplace, as the file says now. An unreadable file counts as empty and is reported once. */
  get(originId: string): StoredAgent | undefined;
  /**
   * Changes one agent; undefined removes it. Durable when it returns.
   * @throws SotaError `cannot_store_credentials`
   */
  update(
    originId: string,
    change: (agent: StoredAgent | undefined) => StoredAgent | undefined,
  ): Promise<StoredAgent | undefined>;
  /** Runs `work` while no other process registers an agent or rotates a key. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

interface Content {
  readonly agents: Readonly<Record<string, StoredAgent>>;
  /** Why the file could not be read; it must not be written over then. */
  readonly problem?: string;
}

const EMPTY: Content = { agents: {} };

/** What stands for a key where the key itself must not be. */
export function keyFingerprint(key: string): string {
  return sha256Hex(key).slice(0, 16);
}

export function createCredentialsStore(stateDir: string, log: Logger): CredentialsStore {
  const path = join(stateDir, 'credentials.json');
  const lock = (name: string) => join(stateDir, 'locks', name);
  let seen = '';
  let content = EMPTY;

  function current(): Content {
    // Asked several times in every call: mostly nothing has changed, and one look tells.
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (found && versionOf(found) === seen) return content;
    let file: number;
    try {
      file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    } catch (error) {
      seen = '';
      if (errorCode(error) === 'ENOENT') content = EMPTY;
      else noteProblem(errorCode(error) ?? 'it cannot be opened');
      return content;
    }
    try {
      seen = versionOf(fstatSync(file, { bigint: true }));
      const agents = parse(readFileSync(file, 'utf8'));
      if (agents) content = { agents };
      else noteProblem('it is not what this program wrote');
    } finally {
      closeSync(file);
    }
    return content;
  }

  function noteProblem(problem: string): void {
    if (content.problem !== problem) log.error('the stored credentials cannot be read', { path, problem });
    content = { agents: {}, problem };
  }

  return {
    path,
    get: (originId) => current().agents[originId],
    async update(originId, change) {
      try {
        await ensurePrivateDirectory(stateDir);
        return await withOwnership(lock('credentials'), async () => {
          const { agents, problem } = current();
          if (problem) throw new Error(`${path} ${problem}`);
          const { [originId]: before, ...others } = agents;
          const after = change(before);
          const next = after === undefined ? others : { ...others, [originId]: after };
          await replaceFile(path, `${JSON.stringify({ version: 1, agents: next }, null, 2)}\n`);
          return after;
        });
      } catch (error) {
        throw teach.cannotStore(path, error instanceof Error ? error.message : String(error), error);
      }
    },
    async exclusively(work) {
      try {
        await ensurePrivateDirectory(stateDir);
        await ensurePrivateDirectory(lock('identity'));
      } catch (error) {
        throw teach.cannotStore(path, error instanceof Error ? error.message : String(error), error);
      }
      return await withOwnership(lock('identity'), work);
    },
  };
}

function versionOf({ ino, size, mtimeNs }: BigIntStats): string {
  return `${ino}/${size}/${mtimeNs}`;
}

function parse(text: string): Record<string, StoredAgent> | undefined {
  try {
    const value = JSON.parse(text) as { agents?: unknown } | null;
    const agents = value?.agents;
    return typeof agents === 'object' && agents !== null ? (agents as Record<string, StoredAgent>) : undefined;
  } catch {
    return undefined;
  }
}
