/** What one examination found. `note` is neither good nor bad, `skipped` could not be examined. */
export interface Finding {
  readonly check: string;
  readonly result: 'ok' | 'note' | 'problem' | 'skipped';
  /** One sentence. */
  readonly says: string;
  /** What to do, where something is to be done. */
  readonly fix?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export const ok = (check: string, says: string, details?: Finding['details']): Finding => ({
  check,
  result: 'ok',
  says,
  ...(details ? { details } : {}),
});

export const note = (check: string, says: string, fix?: string, details?: Finding['details']): Finding => ({
  check,
  result: 'note',
  says,
  ...(fix ? { fix } : {}),
  ...(details ? { details } : {}),
});

export const problem = (check: string, says: string, fix: string, details?: Finding['details']): Finding => ({
  check,
  result: 'problem',
  says,
  fix,
  ...(details ? { details } : {}),
});

export const skipped = (check: string, says: string): Finding => ({ check, result: 'skipped', says });
