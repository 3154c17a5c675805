/** The tokens of owners who signed in with `login`, one per marketplace, readable by this user only. */
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SotaError } from '#contract/errors/sota-error.ts';
import { teach } from '#contract/errors/teach.ts';
import { errorCode } from '#kit/durable/disk.ts';
import { replaceFile } from '#kit/durable/files.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';
import { withOwnership } from '#kit/os-lock.ts';

/** Snake case, because people open this file. */
export interface OwnerTokens {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly user_id?: string;
  readonly email?: string;
  readonly signed_in_at: string;
}

export interface OwnerStore {
  readonly path: string;
  get(originId: string): OwnerTokens | undefined;
  /** Undefined signs out. @throws SotaError `cannot_store_credentials` */
  set(originId: string, tokens: OwnerTokens | undefined): Promise<void>;
}

/** The public SDKs keep theirs in `~/.sota/credentials`; that file is theirs and is never written here. */
export function createOwnerStore(stateDir: string): OwnerStore {
  const path = join(stateDir, 'owner.json');
  return {
    path,
    get: (originId) => readAll(path)[originId],
    async set(originId, tokens) {
      try {
        await ensurePrivateDirectory(stateDir);
        await ensurePrivateDirectory(join(stateDir, 'locks'));
        await withOwnership(join(stateDir, 'locks', 'owner'), async () => {
          const { [originId]: _before, ...others } = readAll(path);
          const next = tokens === undefined ? others : { ...others, [originId]: tokens };
          await replaceFile(path, `${JSON.stringify({ version: 1, owners: next }, null, 2)}\n`);
        });
      } catch (error) {
        throw teach.cannotStore(path, error instanceof Error ? error.message : String(error), error);
      }
    },
  };
}

/** The token of the owner, or the error that says how to get one. @throws SotaError `not_logged_in` */
export function ownerTokenOf(store: OwnerStore, originId: string): string {
  const tokens = store.get(originId);
  if (tokens) return tokens.access_token;
  throw new SotaError({
    code: 'not_logged_in',
    message: 'No owner is signed in to this marketplace on this machine. Nothing was sent.',
    fix: 'Run sota-mcp login first.',
  });
}

function readAll(path: string): Readonly<Record<string, OwnerTokens>> {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return {};
    throw error;
  }
  try {
    const { owners } = JSON.parse(readFileSync(file, 'utf8')) as { owners?: Record<string, OwnerTokens> };
    return owners ?? {};
  } finally {
    closeSync(file);
  }
}
