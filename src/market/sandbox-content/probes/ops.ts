import { defineProbe, type Probe } from '../define-test.ts';
import { services } from '../vocabulary.ts';
import { echoProbe, readinessProbe } from './generic.ts';

export const opsProbes: readonly Probe[] = [
  readinessProbe('ops'),
  echoProbe('ops'),
  defineProbe({
    cluster: 'ops',
    variant: 'triage',
    generate: (rng) => ({
      description: 'Sort the following alert by urgency and name the first action to take.',
      parameters: {
        alert: `${rng.pick(services)}: ${rng.int(20, 99)} percent of requests fail since 04:${rng.int(10, 59)}`,
      },
      expected_schema: {
        type: 'object',
        required: ['urgency', 'first_action'],
        properties: {
          urgency: { type: 'string', enum: ['low', 'medium', 'high'], description: 'How soon somebody must act' },
          first_action: { type: 'string', minLength: 1, maxLength: 500, description: 'What to do first' },
        },
      },
    }),
  }),
];
