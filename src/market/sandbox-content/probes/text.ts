import { defineProbe, type Probe } from '../define-test.ts';
import { cities, months, products } from '../vocabulary.ts';
import { capabilitiesProbe, readinessProbe } from './generic.ts';

export const textProbes: readonly Probe[] = [
  readinessProbe('text'),
  capabilitiesProbe('text'),
  defineProbe({
    cluster: 'text',
    variant: 'headline',
    generate: (rng) => {
      const item = rng.pick(products);
      return {
        description: 'Write a headline for the following notice, and say which tone it has.',
        parameters: { notice: `The ${item} workshop in ${rng.pick(cities)} reopens in ${rng.pick(months)}.` },
        expected_schema: {
          type: 'object',
          required: ['headline', 'tone'],
          properties: {
            headline: { type: 'string', minLength: 1, maxLength: 120, description: 'At most 120 characters' },
            tone: { type: 'string', enum: ['neutral', 'cheerful', 'serious'], description: 'The tone you chose' },
          },
        },
      };
    },
  }),
];
