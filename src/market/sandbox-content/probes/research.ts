import { defineProbe, type Probe } from '../define-test.ts';
import { cities, products } from '../vocabulary.ts';
import { capabilitiesProbe, readinessProbe } from './generic.ts';

export const researchProbes: readonly Probe[] = [
  readinessProbe('research'),
  capabilitiesProbe('research'),
  defineProbe({
    cluster: 'research',
    variant: 'plan',
    generate: (rng) => ({
      description:
        'Plan how you would answer the following question: the sources to consult and how sure you could be.',
      parameters: { question: `Did ${rng.pick(products)} sales in ${rng.pick(cities)} grow last year?` },
      expected_schema: {
        type: 'object',
        required: ['sources', 'confidence'],
        properties: {
          sources: {
            type: 'array',
            minItems: 1,
            items: { type: 'string', minLength: 1, description: 'One kind of source' },
          },
          confidence: { type: 'number', minimum: 0, maximum: 1, description: 'From 0 (a guess) to 1 (certain)' },
        },
      },
    }),
  }),
];
