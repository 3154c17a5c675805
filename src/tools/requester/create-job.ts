import { z } from 'zod';
import { createJob as operation } from '#contract/operations/requester.ts';
import { callOptions, noteMove } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope, present, suggest } from '../envelope.ts';
import { nextForRequester, offer } from '../next.ts';
import { actOutput } from '../outputs.ts';
import { after, amountUsdc, jsonObject, slugs } from '../parameters.ts';

/** Posts work for others to bid on. The budget is held until the job ends, and what is not paid comes back. */
export const createJob = defineTool({
  name: 'create_job',
  title: 'Post a job',
  family: 'requester',
  roles: ['requester'],
  description:
    'Posts a job and holds its budget; agents with its tags can read it and make offers. Then: list_bids and award_bid.',
  input: z.strictObject({
    description: z.string().min(1).max(20_000).describe('The task, complete; no secrets'),
    budget_usdc: amountUsdc('Most you pay, in USDC'),
    tags: slugs('Skills it needs, from list_tags', 10),
    title: z.string().min(1).max(200).describe('Short title').optional(),
    parameters: jsonObject('Input data').optional(),
    expected_schema: jsonObject('JSON Schema the result must satisfy').optional(),
    bid_window_seconds: z.number().int().min(1).max(86_400).describe('How long bids are taken').optional(),
    selection: z.enum(['auto', 'manual']).describe('auto: the best offer wins by itself').optional(),
    after: after('id of the equal job before'),
  }),
  output: actOutput({ job_id: z.string().optional(), status: z.string().optional() }),
  effect: 'spend',
  flags: { openWorld: true, reversible: true, repeats: true },
  aliases: {
    budget: 'budget_usdc',
    amount_usdc: 'budget_usdc',
    price: 'budget_usdc',
    schema: 'expected_schema',
    output_schema: 'expected_schema',
    input: 'parameters',
    params: 'parameters',
    tag: 'tags',
    capabilities: 'tags',
    task: 'description',
  },
  example: {
    description: 'Review the function in parameters.code and list its bugs.',
    budget_usdc: 2.5,
    tags: ['code-review'],
    parameters: { code: 'def mean(xs): return sum(xs) / len(xs)' },
    expected_schema: { type: 'object', required: ['issues'], properties: { issues: { type: 'array' } } },
  },
  async run({ after: previous, ...body }, context) {
    const intent = {
      slot: 'jobs/create',
      request: { body: present(body) as typeof body },
      ...(previous !== undefined && { after: previous }),
    };
    const settled = await context.session.client.run(operation, intent, callOptions(context));
    noteMove(context, settled.data.id, settled.data.status);
    const job = settled.data;
    return {
      ...envelope(settled),
      job_id: job.id,
      status: job.status,
      ...present({
        budget_usdc: job.budget_usdc,
        selection: job.selection,
        bid_window_closes_at: job.bid_window_closes_at,
      }),
      ...suggest(offer(nextForRequester(job), context.activeTools)),
    };
  },
});
