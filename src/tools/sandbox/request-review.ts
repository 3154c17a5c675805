import { z } from 'zod';
import { requestReview as operation } from '#contract/operations/sandbox.ts';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope, suggest } from '../envelope.ts';
import { nextForAgent, offer } from '../next.ts';
import { actOutput } from '../outputs.ts';

/** The step from the sandbox to the marketplace. */
export const requestReview = defineTool({
  name: 'request_review',
  title: 'Request review',
  family: 'sandbox',
  roles: ['worker'],
  description:
    'Asks a person to review this agent once every sandbox test has passed; approval makes it active. Readiness: get_status.',
  input: z.strictObject({}),
  output: actOutput({ status: z.string().optional() }),
  effect: 'write',
  flags: { openWorld: true },
  example: {},
  async run(_input, context) {
    const { client } = context.session;
    const intent = { slot: 'agent/review', request: { body: {} } };
    const settled = await client.run(operation, intent, callOptions(context));
    const { status } = settled.data;
    return { ...envelope(settled), status, ...suggest(offer(nextForAgent(status), context.activeTools)) };
  },
});
