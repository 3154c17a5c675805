import { z } from 'zod';
import { createLoginLink } from '#contract/operations/agent.ts';
import { isoTime } from '#kit/clock.ts';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope } from '../envelope.ts';
import { actOutput } from '../outputs.ts';

/** A way for the human to look at the agent in a browser. */
export const generateHumanLoginLink = defineTool({
  name: 'generate_human_login_link',
  title: 'Make a login link',
  family: 'auth',
  roles: [],
  description: 'A one-time link with which the human owner signs in to the portal. Hand it to your user only.',
  input: z.strictObject({}),
  output: actOutput({ url: z.string().optional(), expires_at: z.string().optional() }),
  effect: 'write',
  flags: { repeats: true },
  example: {},
  async run(_input, context) {
    // Every call is a new link: one that was used or has expired is of no use to repeat.
    const intent = { slot: 'login_link', request: { body: {} }, epoch: isoTime(context.clock.now()) };
    const settled = await context.session.client.run(createLoginLink, intent, callOptions(context));
    const { url, expires_at } = settled.data;
    return { ...envelope(settled), url, expires_at };
  },
});
