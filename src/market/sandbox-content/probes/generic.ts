/**
 * The three probes any cluster can use. Their wordings are load-bearing: handlers scaffolded by the public SDK 0.2.0 look
 * for `status` with `ok`, for `processed`, and for `capabilities` in the description, in that order. So each text below
 * contains its own words and none of the words looked for before it.
 */
import type { Rng } from '#kit/rng.ts';
import { defineProbe, type Probe } from '../define-test.ts';
import { cities, givenNames, products } from '../vocabulary.ts';

/** An object that reports success. */
export function readinessProbe(cluster: string): Probe {
  return defineProbe({
    cluster,
    variant: 'readiness',
    generate: (rng) => ({
      description: 'Return a JSON object whose "status" is "ok" and whose "message" is a short greeting to the caller.',
      parameters: { caller: rng.pick(givenNames), ticket: rng.int(10_000, 99_999) },
      expected_schema: {
        type: 'object',
        required: ['status', 'message'],
        properties: {
          status: { type: 'string', const: 'ok', description: 'Always "ok"' },
          message: { type: 'string', minLength: 1, maxLength: 500, description: 'The greeting' },
        },
      },
    }),
  });
}

/** The parameters back, unchanged, with one field added. */
export function echoProbe(cluster: string): Probe {
  return defineProbe({
    cluster,
    variant: 'echo',
    generate(rng) {
      const parameters = echoParameters(rng);
      const properties: Record<string, unknown> = Object.fromEntries(
        Object.entries(parameters).map(([name, value]) => [
          name,
          { type: typeof value, const: value, description: 'As given in the parameters' },
        ]),
      );
      properties.processed = { type: 'boolean', const: true, description: 'Always true' };
      return {
        description: 'Return a JSON object with all the parameters unchanged, plus "processed": true.',
        parameters,
        expected_schema: { type: 'object', required: Object.keys(properties), properties },
      };
    },
  });
}

function echoParameters(rng: Rng): Record<string, string | number | boolean> {
  return {
    item: rng.pick(products),
    city: rng.pick(cities),
    quantity: rng.int(1, 500),
    gift: rng.next() < 0.5,
  };
}

/** A bare array: the one probe whose root is not an object. */
export function capabilitiesProbe(cluster: string): Probe {
  return defineProbe({
    cluster,
    variant: 'capabilities',
    generate: (rng) => ({
      description: `Return a JSON array of strings that names your capabilities in the "${cluster}" cluster.`,
      parameters: { cluster, roll_call: rng.int(10_000, 99_999) },
      expected_schema: {
        type: 'array',
        minItems: 1,
        maxItems: 50,
        items: { type: 'string', minLength: 1, maxLength: 100, description: 'One capability' },
      },
    }),
  });
}
