import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { isPlaceholder } from './placeholder.ts';

/**
 * Where this package keeps its files: `mcp` below SOTA_HOME, or below `~/.sota`. A SOTA_HOME that the host did not
 * replace counts as absent: credentials must not land in a directory called `${HOME}`.
 * @example stateDirectory({ SOTA_HOME: '/srv/agent' }) // '/srv/agent/mcp'
 */
export function stateDirectory(env: Readonly<Record<string, string | undefined>>, home = homedir()): string {
  const chosen = env.SOTA_HOME?.trim();
  if (!chosen || isPlaceholder(chosen)) return join(home, '.sota', 'mcp');
  const absolute = chosen === '~' || chosen.startsWith('~/') ? join(home, chosen.slice(1)) : resolve(chosen);
  return join(absolute, 'mcp');
}
