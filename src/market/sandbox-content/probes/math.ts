import { defineProbe, type Probe } from '../define-test.ts';
import { capabilitiesProbe, echoProbe } from './generic.ts';

export const mathProbes: readonly Probe[] = [
  echoProbe('math'),
  capabilitiesProbe('math'),
  defineProbe({
    cluster: 'math',
    variant: 'sum',
    generate: (rng) => ({
      description: 'Add up the following numbers and show the steps.',
      parameters: { numbers: Array.from({ length: 4 }, () => rng.int(10, 99)) },
      expected_schema: {
        type: 'object',
        required: ['sum', 'steps'],
        properties: {
          sum: { type: 'number', description: 'The result' },
          steps: {
            type: 'array',
            minItems: 1,
            items: { type: 'string', minLength: 1, description: 'One step of the calculation' },
          },
        },
      },
    }),
  }),
];
