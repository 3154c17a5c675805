import { join } from 'node:path';
import { replaceFile } from '#kit/durable/files.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';
import { withOwnership } from '#kit/os-lock.ts';

/** Writes the settings anew, one process after the other. `change` gets what is there, and gives what is to be. */
export async function rewriteConfig(stateDir: string, path: string, change: () => unknown): Promise<void> {
  await ensurePrivateDirectory(stateDir);
  await ensurePrivateDirectory(join(stateDir, 'locks'));
  await withOwnership(join(stateDir, 'locks', 'config'), () =>
    replaceFile(path, `${JSON.stringify(change(), null, 2)}\n`),
  );
}
