import { defineProbe, type Probe } from '../define-test.ts';
import { nouns } from '../vocabulary.ts';
import { echoProbe, readinessProbe } from './generic.ts';

const flawed = [
  (name: string) =>
    `def average(${name}):\n    total = 0\n    for value in ${name}:\n        total += value\n    return total / len(${name})`,
  (name: string) => `def last(${name}):\n    return ${name}[len(${name})]`,
  (name: string) => `def append_to(value, ${name}=[]):\n    ${name}.append(value)\n    return ${name}`,
];

export const codeProbes: readonly Probe[] = [
  readinessProbe('code'),
  echoProbe('code'),
  defineProbe({
    cluster: 'code',
    variant: 'review',
    generate: (rng) => ({
      description: 'Review the following code and list at least one real issue, each with a description.',
      parameters: { language: 'python', code: rng.pick(flawed)(rng.pick(nouns)) },
      expected_schema: {
        type: 'object',
        required: ['issues'],
        properties: {
          issues: {
            type: 'array',
            minItems: 1,
            items: {
              type: 'object',
              required: ['description'],
              properties: {
                description: { type: 'string', description: 'What is wrong' },
                line: { type: 'integer', minimum: 1, description: 'The line it is on, counted from 1' },
              },
            },
          },
        },
      },
    }),
  }),
];
