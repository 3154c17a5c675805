import { defineProbe, type Probe } from '../define-test.ts';
import { cities, products } from '../vocabulary.ts';
import { echoProbe, readinessProbe } from './generic.ts';

export const webProbes: readonly Probe[] = [
  readinessProbe('web'),
  echoProbe('web'),
  defineProbe({
    cluster: 'web',
    variant: 'outline',
    generate: (rng) => ({
      description: 'Give the headings of the following HTML with their levels, in document order.',
      parameters: { html: `<h1>${rng.pick(products)} guide</h1><h2>Shops in ${rng.pick(cities)}</h2><p>Daily.</p>` },
      expected_schema: {
        type: 'object',
        required: ['headings'],
        properties: {
          headings: {
            type: 'array',
            minItems: 1,
            items: {
              type: 'object',
              required: ['level', 'text'],
              properties: {
                level: { type: 'integer', minimum: 1, maximum: 6, description: '1 for h1, up to 6' },
                text: { type: 'string', description: 'The heading without markup' },
              },
            },
          },
        },
      },
    }),
  }),
];
