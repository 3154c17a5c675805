import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '#kit/durable/disk.ts';
import { ConfigFileError } from './config-text.ts';

/** A config file of another program, as it was read. */
export interface ConfigFile {
  /** Where it really is: dotfiles are often symbolic links. */
  readonly path: string;
  readonly exists: boolean;
  readonly text: string;
}

/** @throws ConfigFileError where it is no file, cannot be read, or is not UTF-8 */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  try {
    const real = await realpath(path);
    const bytes = await readFile(real);
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { path: real, exists: true, text };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { path, exists: false, text: '' };
    if (error instanceof TypeError) throw new ConfigFileError('it is not UTF-8 text');
    throw new ConfigFileError(`it cannot be read (${errorCode(error) ?? String(error)})`);
  }
}

/**
 * Writes the file in one step, after a copy of what was there. A file made read-only, or changed since it was read, is
 * left alone: its owner meant something by it.
 * @returns the path of the copy, where there was something to copy
 * @throws ConfigFileError
 */
export async function writeConfigFile(file: ConfigFile, text: string, stamp: string): Promise<string | undefined> {
  const { path } = file;
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    let mode = 0o600;
    if (file.exists) {
      mode = (await stat(path)).mode & 0o777;
      if ((mode & 0o222) === 0) throw new ConfigFileError('it is read-only');
      if ((await readConfigFile(path)).text !== file.text) {
        throw new ConfigFileError('another program changed it just now; try again');
      }
    } else {
      await mkdir(dirname(path), { recursive: true });
    }
    const backup = file.exists ? `${path}.${stamp}.bak` : undefined;
    if (backup) await copyFile(path, backup);
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    return backup;
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    if (error instanceof ConfigFileError) throw error;
    throw new ConfigFileError(`it cannot be written (${errorCode(error) ?? String(error)})`);
  }
}
