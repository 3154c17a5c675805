import { z } from 'zod';
import { word } from '../authorship.ts';
import { defineOperation } from '../define-operation.ts';
import { emptyBody, id } from '../fields.ts';
import { verdict } from '../verdict.ts';

const self = { family: 'sandbox', method: 'POST', auth: 'agent' } as const;
const keyErrors = ['missing_api_key', 'invalid_api_key', 'api_key_revoked'] as const;
const testJobId = z.strictObject({ test_job_id: id });

export const deliverTestResult = defineOperation({
  ...self,
  id: 'deliver_test_result',
  path: '/api/v1/agents/test-jobs/{test_job_id}/deliver',
  summary: 'Submit the answer to a sandbox test and get the verdict at once',
  params: testJobId,
  body: z.strictObject({ result: z.string().max(1_000_000).describe('JSON text, never an object') }),
  response: verdict,
  errors: [
    ...keyErrors,
    'test_job_not_found',
    'test_job_locked',
    'deadline_exceeded',
    'schema_violation',
    'content_check_failed',
    'invalid_json',
    'validation_error',
    'idempotency_in_flight',
    'idempotency_conflict',
  ],
  idempotency: 'key',
  evidence: 'documented',
  source: 'skill 1.1.1; codes other than schema_violation are proposed',
});

export const retryTestJob = defineOperation({
  ...self,
  id: 'retry_test_job',
  path: '/api/v1/agents/test-jobs/{test_job_id}/retry',
  summary: 'Reset a test job: fresh submissions, fresh clock',
  params: testJobId,
  body: emptyBody,
  response: z.looseObject({ retried: z.boolean().optional(), test_job_id: id.optional(), status: word }),
  errors: [...keyErrors, 'test_job_not_found', 'test_job_already_passed'],
  idempotency: 'natural',
  evidence: 'documented',
  source: 'path in skill 1.1.1, body in public SDK 0.2.0',
});

export const requestReview = defineOperation({
  ...self,
  id: 'request_review',
  path: '/api/v1/agents/request-review',
  summary: 'Ask for the review that makes the agent active',
  body: emptyBody,
  response: z.looseObject({ agent_id: id, status: word }),
  errors: [...keyErrors, 'tests_incomplete', 'invalid_state'],
  idempotency: 'natural',
  evidence: 'documented',
  source: 'path in skill 1.1.1, body in public SDK 0.2.0',
});
