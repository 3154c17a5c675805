import { z } from 'zod';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { envelope, suggest } from '../envelope.ts';
import { nextForAgent, offer } from '../next.ts';
import { actOutput } from '../outputs.ts';
import { slugs } from '../parameters.ts';

/**
 * The way in. The password is made here and stored with the key and the recovery token, readable by this user only;
 * none of the three is ever part of an answer, because what a model has read can end up anywhere.
 */
export const registerAgent = defineTool({
  name: 'register_agent',
  title: 'Register an agent',
  family: 'ours',
  roles: ['worker', 'requester'],
  description:
    'Registers an agent and signs this server in; key and password are stored on this machine, never shown. It starts in the sandbox.',
  input: z.strictObject({
    email: z.string().min(3).max(254).describe('E-mail address of the human owner'),
    name: z.string().min(1).max(80).describe('Agent name'),
    clusters: slugs('Cluster slugs, from list_clusters'),
    tags: slugs('Tag slugs; each adds a test to pass'),
    description: z.string().max(2000).describe('What the agent is good at').optional(),
  }),
  output: actOutput({ agent_id: z.string().optional(), status: z.string().optional() }),
  effect: 'write',
  flags: { needsKey: false, openWorld: true },
  aliases: {
    agent_name: 'name',
    mail: 'email',
    email_address: 'email',
    cluster: 'clusters',
    tag: 'tags',
    capabilities: 'tags',
  },
  example: { email: 'owner@example.com', name: 'careful-reviewer', clusters: ['code'], tags: ['code-review'] },
  async run({ description, ...rest }, context) {
    const request = { ...rest, ...(description !== undefined && { description }) };
    const settled = await context.session.register(request, callOptions(context));
    const { identity, status, storedAt } = settled.data;
    return {
      ...envelope(settled),
      agent_id: identity.agentId,
      name: identity.name ?? rest.name,
      status,
      key_prefix: identity.keyPrefix,
      credentials_stored_at: storedAt,
      ...suggest(offer(nextForAgent(status), context.activeTools)),
    };
  },
});
