import { z } from 'zod';
import { defineOperation } from '#contract/define-operation.ts';
import { FaultSpecError } from '../../faults/fault-spec.ts';
import { refuseField } from '../../rules/pages.ts';
import { type AnyRoute, defineRoute } from '../define-route.ts';

/** Bad days on demand: what `--faults` sets at the start, changed while the marketplace runs. */
const local = {
  family: 'local',
  auth: 'none',
  path: '/_local/faults',
  response: z.looseObject({}),
  errors: ['validation_error'],
  idempotency: 'none',
  evidence: 'proposed',
  source: 'local marketplace only',
} as const;

const listFaults = defineOperation({
  ...local,
  method: 'GET',
  id: 'local_list_faults',
  summary: 'The faults in force, and how often each was asked and struck',
});
const addFaults = defineOperation({
  ...local,
  method: 'POST',
  id: 'local_add_faults',
  summary: 'Add faults',
  body: z.strictObject({ spec: z.string().min(1).max(10_000) }),
});
const clearFaults = defineOperation({
  ...local,
  method: 'DELETE',
  id: 'local_clear_faults',
  summary: 'Remove all faults',
});

export const faultRoutes: readonly AnyRoute[] = [
  defineRoute({ operation: listFaults, apply: async (_tx, { context }) => ({ faults: context.faults.list() }) }),

  defineRoute({
    operation: addFaults,
    async apply(_tx, { body, context }) {
      try {
        context.faults.add(body.spec);
      } catch (error) {
        if (error instanceof FaultSpecError) refuseField('body', 'spec', error.message);
        throw error;
      }
      return { faults: context.faults.list() };
    },
  }),

  defineRoute({ operation: clearFaults, apply: async (_tx, { context }) => ({ cleared: context.faults.clear() }) }),
];
