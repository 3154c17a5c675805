/**
 * Settings a person keeps in a file instead of an environment: `config.json` in the state directory, 0600, a flat object
 * of names as in the environment, in lower case. The environment always wins. Names this program does not know are kept:
 * another part of it, or another version, may.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SotaError } from '#contract/errors/sota-error.ts';
import { errorCode } from '#kit/durable/disk.ts';

export type ConfigValues = Readonly<Record<string, string>>;
export type ConfigContent = Readonly<Record<string, unknown>>;
type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigStore {
  readonly path: string;
  /** @throws SotaError `bad_config_file` */
  read(): ConfigValues;
  /** The same as it stands there. @throws SotaError `bad_config_file` */
  content(): ConfigContent;
  /** Sets one name, or removes it where the value is undefined; durable when it returns. @throws SotaError */
  set(name: string, value: string | undefined): Promise<void>;
  /** Writes what `change` makes of the content, one process at a time; durable when it returns. @throws SotaError */
  edit(change: (content: ConfigContent) => ConfigContent): Promise<void>;
}

/** @example createConfigStore(stateDirectory(env)).read().sota_api_url */
export function createConfigStore(stateDir: string): ConfigStore {
  const path = join(stateDir, 'config.json');
  const content = () => parseConfig(path, readOwn(path));
  async function edit(change: (content: ConfigContent) => ConfigContent): Promise<void> {
    // Every start of the server reads, hardly any writes.
    const { rewriteConfig } = await import('./config-writer.ts');
    await rewriteConfig(stateDir, path, () => change(content()));
  }
  return {
    path,
    content,
    edit,
    read() {
      const texts = Object.entries(content()).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]);
      return Object.fromEntries(texts);
    },
    set: (name, value) =>
      edit(({ [name]: _before, ...others }) => (value === undefined ? others : { ...others, [name]: value })),
  };
}

/**
 * The environment, with what is only in the file added to it.
 * @param known the names, in lower case, that may come from the file
 */
export function withConfig(env: Environment, config: ConfigValues, known: readonly string[]): Environment {
  const added = known.flatMap((name) => {
    const variable = name.toUpperCase();
    const value = config[name];
    return value === undefined || env[variable]?.trim() ? [] : [[variable, value] as const];
  });
  return added.length === 0 ? env : { ...env, ...Object.fromEntries(added) };
}

function readOwn(path: string): string | undefined {
  // The usual case, and it is asked with every call.
  if (!lstatSync(path, { throwIfNoEntry: false })) return undefined;
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw badFile(path, code === 'ELOOP' ? 'is a symbolic link' : `cannot be read (${code ?? String(error)})`);
  }
  try {
    const { mode } = fstatSync(file);
    if (process.platform !== 'win32' && (mode & 0o022) !== 0) throw badFile(path, 'can be written by other users');
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

function parseConfig(path: string, text: string | undefined): ConfigContent {
  if (text === undefined || text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badFile(path, `is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badFile(path, 'is not an object');
  return value as ConfigContent;
}

function badFile(path: string, problem: string): SotaError {
  return new SotaError({
    code: 'bad_config_file',
    message: `${path} ${problem}. Nothing was changed.`,
    fix: 'Mend or remove the file; sota-mcp config set writes it anew.',
  });
}
