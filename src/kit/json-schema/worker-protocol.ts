/** What the validator and its thread say to each other. Documents cross as JSON text: already measured, cheap to copy. */
import type { SchemaViolation } from './python-wording.ts';

/** Why nothing can be said about an instance. */
export type UncheckedReason = 'timeout' | 'too_large' | 'too_deep' | 'invalid_schema' | 'crashed' | 'closed';

export type ValidationOutcome =
  | { ok: true }
  | { ok: false; violation: SchemaViolation }
  | { ok: 'unchecked'; reason: UncheckedReason; message: string };

export interface WorkerRequest {
  id: number;
  schemaJson: string;
  instanceJson: string;
}

export type WorkerReply = { id: number; type: 'started' } | { id: number; type: 'done'; outcome: ValidationOutcome };
