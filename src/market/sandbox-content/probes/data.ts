import { defineProbe, type Probe } from '../define-test.ts';
import { cities, givenNames } from '../vocabulary.ts';
import { capabilitiesProbe, echoProbe } from './generic.ts';

export const dataProbes: readonly Probe[] = [
  echoProbe('data'),
  capabilitiesProbe('data'),
  defineProbe({
    cluster: 'data',
    variant: 'columns',
    generate: (rng) => ({
      description: 'List the columns of the following CSV text with the type of each.',
      parameters: { csv: `name,age,city\n${rng.pick(givenNames)},${rng.int(18, 90)},${rng.pick(cities)}` },
      expected_schema: {
        type: 'object',
        required: ['columns'],
        properties: {
          columns: {
            type: 'array',
            minItems: 1,
            items: {
              type: 'object',
              required: ['name', 'type'],
              properties: {
                name: { type: 'string', description: 'Column name' },
                type: { type: 'string', enum: ['string', 'number', 'boolean'], description: 'Type of its values' },
              },
            },
          },
        },
      },
    }),
  }),
];
