import { ConfigFileError } from '../hosts/config-text.ts';
import { renderDiff } from '../hosts/text-diff.ts';
import { readConfigFile, writeConfigFile } from '../hosts/write-config-file.ts';
import { stampNow } from './stamp.ts';

/** What became of a host's file. */
export interface HostFileChange {
  /** The file itself, also where the path led through a link. */
  readonly file: string;
  readonly state: 'unchanged' | 'would_change' | 'changed';
  readonly diff: string;
  /** Where the file is as it was. */
  readonly backup?: string;
}

/**
 * Changes a host's file, or with `dryRun` only says what would change.
 * @param edit the new text of the file
 * @throws ConfigFileError naming the file, which is untouched
 */
export async function changeHostFile(
  path: string,
  dryRun: boolean,
  edit: (text: string) => string,
): Promise<HostFileChange> {
  try {
    const file = await readConfigFile(path);
    const text = edit(file.text);
    if (text === file.text) return { file: file.path, state: 'unchanged', diff: '' };
    const diff = renderDiff(file.text, text);
    if (dryRun) return { file: file.path, state: 'would_change', diff };
    const backup = await writeConfigFile(file, text, stampNow());
    return { file: file.path, state: 'changed', diff, ...(backup ? { backup } : {}) };
  } catch (error) {
    if (!(error instanceof ConfigFileError)) throw error;
    throw new ConfigFileError(`${path}: ${error.message}. Nothing was changed.`);
  }
}
