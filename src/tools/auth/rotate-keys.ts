import { z } from 'zod';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope, present } from '../envelope.ts';
import { actOutput } from '../outputs.ts';
import { after } from '../parameters.ts';

/** A new API key. It is stored and used here, and never part of an answer. */
export const rotateKeys = defineTool({
  name: 'rotate_keys',
  title: 'Rotate the API key',
  family: 'auth',
  roles: [],
  description:
    'Replaces the API key of this agent and stores the new one here, unseen; the old one dies after 60 s everywhere.',
  input: z.strictObject({ after: after('key_id of the rotation before') }),
  output: actOutput({ key_prefix: z.string().optional() }),
  effect: 'destroy',
  flags: { repeats: true },
  example: {},
  async run({ after: previous }, context) {
    const settled = await context.session.rotateKey({
      ...callOptions(context),
      ...(previous !== undefined && { after: previous }),
    });
    const { key_id, keyPrefix, storedAt } = settled.data;
    return {
      ...envelope(settled),
      ...present({ key_id }),
      key_prefix: keyPrefix,
      stored_at: storedAt,
      advice: 'This server goes on with the new key. Where SOTA_API_KEY holds the old one, the human must replace it.',
    };
  },
});
