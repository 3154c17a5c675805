/**
 * What the journal writes, in a directory per slot:
 *
 *   000007.intent.json   what is to be sent, complete, before the first byte leaves
 *   000007.out.json      what became of it, once that is certain; never written on an unknown outcome
 *   000007.seen          the caller evidently has the answer
 *
 * Each file is written once and never changed. A generation without `.out` is pending.
 */

/** Everything needed to send the same request again after a restart. */
export interface IntentRecord {
  readonly v: 1;
  readonly op: string;
  readonly slot: string;
  readonly gen: number;
  /** Hash of the canonical arguments. */
  readonly fp: string;
  /** The Idempotency-Key. Taken from here on every repeat, never derived again. */
  readonly key: string;
  readonly target: string;
  /** The exact body. */
  readonly body?: string;
  /** Where it was sent by the owner's operations map; a repeat goes there, whatever the map says by then. */
  readonly sent_as?: { readonly method: string; readonly target: string };
  readonly epoch: string;
  /** The marketplace said that it honours keys on this operation. */
  readonly keyed: boolean;
  /** A key the caller chose; such an intent is never begun anew. */
  readonly explicit?: true;
  readonly created_at: string;
  readonly pid: number;
  readonly host: string;
}

export interface StoredError {
  readonly code: string;
  readonly message: string;
  readonly fix: string;
  readonly http_status?: number;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface OutRecord {
  readonly v: 1;
  readonly outcome: 'done' | 'rejected';
  /** The fields of the answer that may be kept. */
  readonly data: Readonly<Record<string, unknown>>;
  /** Id of the object that came of it; what `after` must name. */
  readonly result_id?: string;
  readonly at: string;
  /** The marketplace called it a repeat of an earlier answer. */
  readonly replayed: boolean;
  readonly attempts: number;
  /** `wire`: answered. `reconciled`: looked up afterwards. `human`: said by a person. */
  readonly by: 'wire' | 'reconciled' | 'human';
  readonly error?: StoredError;
}

export interface Generation {
  readonly gen: number;
  readonly intent: IntentRecord;
  readonly out?: OutRecord;
  readonly seen: boolean;
}

/** A slot as it stands: its generations in order, and the number the next one gets. */
export interface Slot {
  readonly generations: readonly Generation[];
  readonly next: number;
}

const DIGITS = 6;

export const intentName = (gen: number): string => `${pad(gen)}.intent.json`;
export const outName = (gen: number): string => `${pad(gen)}.out.json`;
export const seenName = (gen: number): string => `${pad(gen)}.seen`;

/** The generation a file name belongs to, also of one that was set aside. */
export function generationOf(name: string): number | undefined {
  const match = /^(\d{6,15})\./.exec(name);
  return match ? Number(match[1]) : undefined;
}

export const RECORD_NAME = /^\d{6,15}\.(?:intent|out)\.json$/;

/**
 * An outcome gets its name before its content is safe. One that a power cut emptied was never told to be certain: its
 * generation counts as pending, and is asked for again.
 */
export const MAY_BE_EMPTY = /\.out\.json$/;

/** @throws Error where the text is no record of this kind */
export function parseRecord(text: string, name: string): IntentRecord | OutRecord {
  const value: unknown = JSON.parse(text);
  const record = value as Partial<IntentRecord & OutRecord> | null;
  if (record?.v !== 1) throw new Error('not a record of version 1');
  const whole = name.endsWith('.intent.json')
    ? typeof record.key === 'string' && typeof record.op === 'string' && typeof record.target === 'string'
    : (record.outcome === 'done' || record.outcome === 'rejected') && typeof record.data === 'object';
  if (!whole) throw new Error('fields are missing');
  return value as IntentRecord | OutRecord;
}

function pad(gen: number): string {
  return String(gen).padStart(DIGITS, '0');
}
