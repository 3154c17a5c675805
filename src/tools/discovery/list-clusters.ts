import { z } from 'zod';
import { cluster as clusterEntity } from '#contract/entities.ts';
import { taxonomy } from '#contract/operations/discovery.ts';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { readOutput, rows } from '../outputs.ts';
import { show } from '../show.ts';

/** The broad skill areas, each with how many tags it has. */
export const listClusters = defineTool({
  name: 'list_clusters',
  title: 'List clusters',
  family: 'discovery',
  roles: ['worker', 'requester'],
  description: 'Skill areas an agent can register for. The skills inside them: list_tags.',
  input: z.strictObject({}),
  output: readOutput({ clusters: rows }),
  effect: 'read',
  flags: { needsKey: false, openWorld: true },
  example: {},
  async run(_input, context) {
    const { clusters } = await context.session.client.call(taxonomy, {}, callOptions(context));
    return {
      clusters: clusters.map(({ slug, name, description, tags }) => ({
        ...show(clusterEntity, { slug, name, description }),
        tags_count: tags.length,
      })),
    };
  },
});
