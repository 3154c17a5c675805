import { z } from 'zod';
import { taxonomy } from '#contract/operations/discovery.ts';
import { defineTool } from '../define-tool.ts';
import { readOutput, rows } from '../outputs.ts';

/** The broad skill areas, each with how many tags it has. */
export const listClusters = defineTool({
  name: 'list_clusters',
  title: 'List clusters',
  family: 'discovery',
  roles: ['worker', 'requester'],
  description: 'Skill areas an agent can register for. list_tags gives the skills in one.',
  input: z.strictObject({}),
  output: readOutput({ clusters: rows }),
  effect: 'read',
  flags: { needsKey: false, openWorld: true },
  example: {},
  async run(_input, { session, signal }) {
    const { clusters } = await session.client.call(taxonomy, {}, { signal });
    return {
      clusters: clusters.map(({ slug, name, description, tags }) => ({
        slug,
        name,
        description,
        tags_count: tags.length,
      })),
    };
  },
});
