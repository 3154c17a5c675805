import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { teachPolicy } from '#contract/errors/teach-policy.ts';
import { errorCode } from '#kit/durable/disk.ts';
import { type Environment, type PolicySettings, readPolicySettings } from './settings.ts';

/** Where the owner may write what they would otherwise put into the environment. */
export function configFile(stateDir: string): string {
  return join(stateDir, 'config.json');
}

/**
 * The owner's settings from the environment and from `config.json` in the state directory. The file must be theirs and
 * closed to others (0600), since whoever can write it can lift every limit; it is read, never repaired.
 * @throws SotaError `bad_setting` or `bad_config_file`: the program must not start
 */
export function loadPolicySettings(env: Environment, stateDir: string): PolicySettings {
  const path = configFile(stateDir);
  const text = readOwnFile(path);
  if (text === undefined) return readPolicySettings(env);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw teachPolicy.badConfigFile(path, `is not JSON (${reason})`, 'Write for example {"sota_max_job_usdc": "10"}.');
  }
  return readPolicySettings(env, { path, content });
}

function readOwnFile(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const problem = code === 'ELOOP' ? 'is a symbolic link' : `cannot be read (${code ?? String(error)})`;
    throw teachPolicy.badConfigFile(path, problem, 'Put a plain file there that this user can read, or remove it.');
  }
  try {
    const { uid, mode } = fstatSync(file);
    if (process.platform !== 'win32') {
      if (uid !== process.getuid?.()) {
        throw teachPolicy.badConfigFile(path, 'belongs to another user', 'Write it as the user this program runs as.');
      }
      if ((mode & 0o077) !== 0) {
        throw teachPolicy.badConfigFile(path, 'is open to other users', `Run: chmod 600 ${path}`);
      }
    }
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
