import { z } from 'zod';
import { exactValue, line, prose, word } from './authorship.ts';

/**
 * The answer to a test submission (skill 1.1.1, sandbox). A pass is HTTP 200, a fail is HTTP 422 and flat, with the
 * fields and the wording of Python's jsonschema.ValidationError, so that a model can repair its answer from it.
 */
export const verdict = z.looseObject({
  passed: z.boolean(),
  code: word.describe('ok, schema_violation, content_check_failed or invalid_json'),
  message: prose('marketplace'),
  reason: prose('marketplace').optional().describe('Same as message, for public SDK 0.2.0'),
  path: z
    .array(z.union([line('counterparty'), z.number()]))
    .optional()
    .describe('Where in the result the problem is'),
  validator: word.optional().describe('The violated JSON Schema keyword'),
  validator_value: exactValue('counterparty').optional(),
  instance: exactValue('counterparty').optional(),
  expected_schema_excerpt: exactValue('counterparty').optional(),
  check: line('marketplace').optional().describe('The content check that failed'),
  hint: prose('marketplace').optional(),
  attempts_left: z.number().int().optional(),
});

/** As it is read: its texts quote the schema's author and the answer's. */
export type Verdict = z.output<typeof verdict>;
/** As the marketplace writes it. */
export type VerdictAnswer = z.input<typeof verdict>;

/** The codes a failed verdict may carry; a 422 with any other code is not a verdict. */
export const verdictFailureCodes = ['schema_violation', 'content_check_failed', 'invalid_json'] as const;
