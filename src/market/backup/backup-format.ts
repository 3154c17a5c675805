import { z } from 'zod';

/**
 * A marketplace as JSON lines: a header, one line per row, and an end that says how many there were and what they hash
 * to, so that a file that was cut off or changed is known as such.
 *
 *   {"format":"sota-market-backup","version":1,"schema":"0001-marketplace","exported_at":"2026-01-01T00:00:00.000Z"}
 *   {"table":"users","row":{"id":"…","email":"…",…}}
 *   {"end":true,"rows":1,"sha256":"…"}
 *
 * Rows are those of the schema the header names, parents before children; a later program reads them into that schema
 * and migrates from there. Whole numbers beyond what JSON carries exactly are text. The file holds every secret the
 * database holds.
 */
export const BACKUP_FORMAT = 'sota-market-backup';
export const BACKUP_VERSION = 1;

export const headerSchema = z.looseObject({
  format: z.literal(BACKUP_FORMAT),
  version: z.number().int(),
  schema: z.string().min(1),
  exported_at: z.string(),
});
export type BackupHeader = z.infer<typeof headerSchema>;

export const rowSchema = z.strictObject({ table: z.string(), row: z.record(z.string(), z.unknown()) });
export const endSchema = z.strictObject({ end: z.literal(true), rows: z.number().int(), sha256: z.string() });

/** The file is not a backup, was damaged, or does not fit the database it is to go into. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}
