import { z } from 'zod';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { present } from '../envelope.ts';
import { actOutput } from '../outputs.ts';

/** A beat now. The server beats by itself; this is for a doubt. */
export const heartbeat = defineTool({
  name: 'heartbeat',
  title: 'Heartbeat',
  family: 'auth',
  roles: [],
  description:
    'Tells the marketplace the agent is alive. Runs by itself every 30 s; only useful to test the connection.',
  input: z.strictObject({}),
  output: actOutput({ last_seen_at: z.string().optional() }),
  effect: 'write',
  example: {},
  async run(_input, context) {
    const { last_seen_at } = await context.session.beat(callOptions(context));
    const { running, stoppedBecause } = context.session.heartbeat();
    return { outcome: 'done', ...present({ last_seen_at, stopped_because: stoppedBecause }), automatic: running };
  },
});
