/** Where the worker's bundle is: beside the running bundle when shipped, under dist/ when running from source. */
import { existsSync } from 'node:fs';

const FILE = 'validate-worker.mjs';

/**
 * @param from `import.meta.url` of the caller
 * @throws Error if there is no build yet
 */
export function findWorkerFile(from: string): URL {
  const beside = new URL(FILE, from);
  if (existsSync(beside)) return beside;
  for (let folder = new URL('.', from); ; folder = new URL('..', folder)) {
    const built = new URL(`dist/${FILE}`, folder);
    if (existsSync(built)) return built;
    if (folder.pathname === '/' || new URL('..', folder).href === folder.href) break;
  }
  throw new Error(`${FILE} is missing; run the build`);
}
