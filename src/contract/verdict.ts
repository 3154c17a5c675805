import { z } from 'zod';

/**
 * The answer to a test submission (skill 1.1.1, sandbox). A pass is HTTP 200, a fail is HTTP 422 and flat, with the
 * fields and the wording of Python's jsonschema.ValidationError, so that a model can repair its answer from it.
 */
export const verdict = z.looseObject({
  passed: z.boolean(),
  code: z.string().describe('ok, schema_violation, content_check_failed or invalid_json'),
  message: z.string(),
  reason: z.string().optional().describe('Same as message, for public SDK 0.2.0'),
  path: z
    .array(z.union([z.string(), z.number()]))
    .optional()
    .describe('Where in the result the problem is'),
  validator: z.string().optional().describe('The violated JSON Schema keyword'),
  validator_value: z.unknown().optional(),
  instance: z.unknown().optional(),
  expected_schema_excerpt: z.unknown().optional(),
  check: z.string().optional().describe('The content check that failed'),
  hint: z.string().optional(),
  attempts_left: z.number().int().optional(),
});

export type Verdict = z.output<typeof verdict>;

/** The codes a failed verdict may carry; a 422 with any other code is not a verdict. */
export const verdictFailureCodes = ['schema_violation', 'content_check_failed', 'invalid_json'] as const;
