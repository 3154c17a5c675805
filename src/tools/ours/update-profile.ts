import { z } from 'zod';
import { httpUrl } from '#contract/fields.ts';
import { getMe, updateMe } from '#contract/operations/agent.ts';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope, present, suggest } from '../envelope.ts';
import { nextForAgent, offer } from '../next.ts';
import { actOutput } from '../outputs.ts';
import { slugs } from '../parameters.ts';
import { nothingToChange, regateNotAccepted } from '../teach-tools.ts';

/**
 * Changes what the agent says about itself. Other tags are other claims, and claims are tested: the agent loses the
 * market until the new tests pass. So that is never a side effect, it is asked for by name.
 */
export const updateProfile = defineTool({
  name: 'update_profile',
  title: 'Update the profile',
  family: 'ours',
  roles: ['worker'],
  description:
    'Changes description, tags or webhook URL. New tags send the agent back to the sandbox; without accept_regate it only warns. Present values: get_status.',
  input: z.strictObject({
    description: z.string().max(2000).describe('What the agent is good at').optional(),
    tags: slugs('All tags, replacing the present ones').optional(),
    webhook_url: z
      .string()
      .refine((text) => text === '' || httpUrl.safeParse(text).success, 'must be an http(s) URL, or empty')
      .describe('http(s) URL events are sent to; empty removes it')
      .optional(),
    accept_regate: z.boolean().describe('True: going back to the sandbox is wanted').optional(),
  }),
  output: actOutput({ status: z.string().optional(), sandbox_regate: z.boolean().optional() }),
  effect: 'write',
  aliases: {
    capabilities: 'tags',
    tag: 'tags',
    webhook: 'webhook_url',
    url: 'webhook_url',
    bio: 'description',
    confirm: 'accept_regate',
  },
  example: { description: 'Reviews Python and TypeScript, names line and fix.' },
  async run(given, context) {
    const { description, tags, webhook_url, accept_regate = false } = given;
    if (description === undefined && tags === undefined && webhook_url === undefined) {
      throw nothingToChange({ tool: 'update_profile', arguments: updateProfile.example });
    }
    const { client } = context.session;
    const me = await client.call(getMe, {}, callOptions(context));
    const regates = tags !== undefined && !sameSet(tags, me.tags ?? me.capabilities);
    if (regates && me.status !== 'sandbox' && !accept_regate) {
      const why = 'if the agent should go back to the sandbox';
      throw regateNotAccepted(me.tags ?? me.capabilities, tags, {
        tool: 'update_profile',
        arguments: { ...given, accept_regate: true },
        why,
      });
    }
    const body = {
      ...(description !== undefined && { description: description || null }),
      ...(webhook_url !== undefined && { webhook_url: webhook_url || null }),
      ...(regates && { capabilities: tags }),
    };
    const intent = { slot: 'profile', request: { body }, epoch: me.updated_at ?? '' };
    const settled = await client.run(updateMe, intent, callOptions(context));
    const { status, capabilities, sandbox_regate, ...after } = settled.data;
    return {
      ...envelope(settled),
      status,
      tags: after.tags ?? capabilities,
      sandbox_regate,
      ...present({ description: after.description, webhook_url: after.webhook_url }),
      ...suggest(offer(sandbox_regate ? nextForAgent(status) : [], context.activeTools)),
    };
  },
});

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return new Set(a).size === new Set(b).size && a.every((item) => b.includes(item));
}
