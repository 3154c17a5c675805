import { createReadStream, rmSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { resolve } from 'node:path';
import { systemClock } from '#kit/clock.ts';
import { BackupError } from '#market/backup/backup-format.ts';
import { exportMarket } from '#market/backup/export-market.ts';
import { importMarket } from '#market/backup/import-market.ts';
import { MarketStartError, nameOf, notUsable, storageOf } from '#market/open-place.ts';
import { openDatabase } from '#market/storage/database.ts';
import { describeFlags, parseFlags, UsageError } from './flags.ts';
import { own, placeFlags, placeOf } from './market-place.ts';

const flags = { ...placeFlags, help: { type: 'boolean', summary: 'Show this text' } } as const;

const help = `Usage: sota-mcp market export FILE [options]
       sota-mcp market import FILE [options]

Writes a whole marketplace into a file, or puts one back into a new database: as a backup, or to move from a folder to
PostgreSQL. A marketplace in a folder must be stopped first; one on PostgreSQL may go on while it is exported. The file
holds every secret the database holds.

${describeFlags(flags)}

Examples:
  sota-mcp market export market.jsonl
  sota-mcp market import market.jsonl --database-url postgres://localhost/sota`;

const FLUSH_CHARACTERS = 1024 * 1024;

type Action = 'export' | 'import';

/** @throws UsageError */
export async function runBackup(action: Action, argv: readonly string[]): Promise<number> {
  const [file, ...rest] = argv;
  const values = parseFlags(file === undefined || file.startsWith('-') ? argv : rest, flags);
  if (values.help) {
    console.log(help);
    return 0;
  }
  if (file === undefined || file.startsWith('-'))
    throw new UsageError(`market ${action} takes a file: market ${action} FILE`);
  const place = placeOf(values, process.env);
  try {
    const release = await own(place);
    try {
      console.log(await (action === 'export' ? writeBackup : readBackup)(resolve(file), place));
      return 0;
    } finally {
      await release();
    }
  } catch (error) {
    if (!(error instanceof MarketStartError || error instanceof BackupError)) throw error;
    console.error(`sota-mcp market ${action}: ${error.message}`);
    return 1;
  }
}

type PlaceGiven = ReturnType<typeof placeOf>;

async function writeBackup(file: string, place: PlaceGiven): Promise<string> {
  const opened = await openDatabase(storageOf(place)).catch((error: unknown) => {
    throw notUsable(place, error);
  });
  try {
    const { rows, violations } = await writeWhole(file, (write) => exportMarket(opened, systemClock.now(), write));
    for (const violation of violations)
      console.error(`sota-mcp market export: the books are not in order: ${violation}`);
    return `Exported ${rows} rows from ${nameOf(place)} to ${file}`;
  } finally {
    await opened.close();
  }
}

async function readBackup(file: string, place: PlaceGiven): Promise<string> {
  const { rows } = await importMarket(storageOf(place), linesOf(file)).catch((error: unknown) => {
    throw error instanceof BackupError ? error : notUsable(place, error);
  });
  return `Imported ${rows} rows from ${file} into ${nameOf(place)}`;
}

/** The file appears when it is complete and on disk, for its owner alone. */
async function writeWhole<T>(file: string, fill: (write: (text: string) => Promise<void>) => Promise<T>): Promise<T> {
  const aside = `${file}.${process.pid}.partial`;
  let handle: FileHandle | undefined;
  try {
    const opened = await open(aside, 'wx', 0o600);
    handle = opened;
    let pending = '';
    const flush = async () => {
      await opened.writeFile(pending);
      pending = '';
    };
    const result = await fill(async (text) => {
      pending += text;
      if (pending.length > FLUSH_CHARACTERS) await flush();
    });
    await flush();
    await opened.sync();
    await opened.close();
    await rename(aside, file);
    return result;
  } catch (error) {
    await handle?.close().catch(() => {});
    rmSync(aside, { force: true });
    throw error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('E')
      ? new BackupError(`${file} cannot be written: ${error.message}`, { cause: error })
      : error;
  }
}

/** Lines end with \n and nothing else: Node's own reader of lines also cuts at characters that JSON leaves as they are. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of createReadStream(file, { encoding: 'utf8' })) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    if (error instanceof Error && 'syscall' in error)
      throw new BackupError(`${file} cannot be read: ${error.message}`, { cause: error });
    throw error;
  }
  if (rest) yield rest;
}
