import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join, sep } from 'node:path';
import type { Launch } from '../hosts/server-entry.ts';

/** How this very program was started. */
export interface Started {
  /** The script node runs; a symbolic link where npm made one. */
  readonly script: string;
  /** The running node. */
  readonly node: string;
  readonly path: string | undefined;
}

/** Where hosts with a poor PATH, started by a desktop, still find a program. */
const STANDARD_PLACES = new Set(['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin', '/bin']);

/**
 * How a host should start the server so that it works: through npx where this program came through npx, otherwise the
 * built file beside it, by its absolute path. From source the built file is meant, which a host can start.
 * @throws Error where there is no built file
 */
export function launchOf({ script, node, path }: Started): Launch {
  const real = realpathSync(script);
  if (real.split(sep).includes('_npx')) return { kind: 'npx' };
  const built = real.endsWith('.ts') ? join(dirname(real), '..', '..', 'dist', 'sota-mcp.js') : real;
  if (!existsSync(built)) throw new Error(`There is no ${built} yet: run npm run build first`);
  return { kind: 'node', node: nodeCommand(node, path), script: built };
}

/** `node` where every program finds this one; its path otherwise, since version managers live in a shell's PATH only. */
function nodeCommand(node: string, path = ''): string {
  if (process.platform === 'win32') return node;
  for (const folder of path.split(delimiter)) {
    const candidate = join(folder, 'node');
    if (!existsSync(candidate)) continue;
    const same = realpathSync(candidate) === realpathSync(node);
    return same && STANDARD_PLACES.has(folder) ? 'node' : node;
  }
  return node;
}
