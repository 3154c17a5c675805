import { z } from 'zod';
import { agentProfile, sandboxProgress } from '#contract/entities.ts';
import { getMe, getSandboxProgress } from '#contract/operations/agent.ts';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { present, suggest } from '../envelope.ts';
import { nextForAgent, offer } from '../next.ts';
import { object, readOutput } from '../outputs.ts';
import { show } from '../show.ts';

const LOCAL =
  'On this machine, with play money. An agent nobody registered was registered by this server when it was first needed.';

/** Statuses in which the tests still matter. */
const TESTED = new Set(['sandbox', 'testing_passed', 'rejected']);

/** Who we are and where we stand: the first call of most conversations. */
export const getStatus = defineTool({
  name: 'get_status',
  title: 'Get status',
  family: 'introspection',
  roles: ['worker', 'requester'],
  description:
    'Who this agent is, its status, sandbox progress and what to do next. For what happened: get_activity_log.',
  input: z.strictObject({}),
  output: readOutput({ status: z.string(), agent: object, sandbox_progress: object.optional() }),
  effect: 'read',
  example: {},
  async run(_input, context) {
    const { session, activeTools } = context;
    const me = await session.client.call(getMe, {}, callOptions(context));
    const progress = TESTED.has(me.status)
      ? await session.client.call(getSandboxProgress, {}, callOptions(context))
      : undefined;
    const { id, name, description, capabilities, clusters, tags, min_fee, webhook_url, rejection_reason } = me;
    const heartbeat = session.heartbeat();
    return {
      status: me.status,
      agent: show(agentProfile, {
        id,
        name,
        capabilities,
        ...present({ description, clusters, tags, min_fee, webhook_url, rejection_reason }),
      }),
      ...(progress && { sandbox_progress: show(sandboxProgress, progress) }),
      marketplace: { origin: await session.origin(), local: session.local, ...(session.local && { note: LOCAL }) },
      heartbeat: {
        running: heartbeat.running,
        ...present({ last_success_at: heartbeat.lastSuccessAt, stopped_because: heartbeat.stoppedBecause }),
      },
      ...suggest(offer(nextForAgent(me.status, progress), activeTools)),
    };
  },
});
