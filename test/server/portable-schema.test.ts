import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { inputSchema, outputSchema } from '#server/portable-schema.ts';

describe('portable schemas', () => {
  it('open outputs all the way down, so that an answer that knows more is not refused', () => {
    const schema = outputSchema(
      z.strictObject({ job: z.strictObject({ id: z.string() }), rows: z.array(z.strictObject({})) }),
    );
    expect(JSON.stringify(schema)).not.toContain('additionalProperties');
  });

  it('keep inputs closed and drop what hosts trip over or models do not need', () => {
    const schema = inputSchema(
      z.strictObject({
        count: z.number().int().min(1).default(3).describe('How many'),
        amount: z.union([z.number(), z.string()]).describe('USDC'),
        free: z.record(z.string(), z.unknown()).describe('Data'),
        default: z.string().min(1).max(9).regex(/x/).optional().describe('A property may have the name of a keyword'),
      }),
    );
    expect(schema).toEqual({
      type: 'object',
      properties: {
        count: { type: 'integer', minimum: 1, description: 'How many' },
        amount: { anyOf: [{ type: 'number' }, { type: 'string' }], description: 'USDC' },
        free: { type: 'object', description: 'Data' },
        default: { type: 'string', description: 'A property may have the name of a keyword' },
      },
      required: ['amount', 'free'],
      additionalProperties: false,
    });
  });
});
