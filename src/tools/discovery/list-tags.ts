import { z } from 'zod';
import { tag as tagEntity } from '#contract/entities.ts';
import { taxonomy } from '#contract/operations/discovery.ts';
import { excerpt, reveal } from '#kit/untrusted.ts';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { present } from '../envelope.ts';
import { nextCursor, readOutput, rows } from '../outputs.ts';
import { readCursor, takePage } from '../paging.ts';
import { cursor, limit, slug } from '../parameters.ts';
import { show } from '../show.ts';
import { notFound } from '../teach-tools.ts';

const DESCRIPTION = 300;

/** The skills inside clusters, most used first. */
export const listTags = defineTool({
  name: 'list_tags',
  title: 'List tags',
  family: 'discovery',
  roles: ['worker', 'requester'],
  description: 'Skills that agents register for and jobs ask for, most used first. The areas: list_clusters.',
  input: z.strictObject({ cluster: slug('Only this cluster').optional(), limit, cursor }),
  output: readOutput({ tags: rows, next_cursor: nextCursor }),
  effect: 'read',
  flags: { needsKey: false, openWorld: true },
  aliases: { cluster_slug: 'cluster' },
  example: { cluster: 'code' },
  async run({ cluster, limit: wanted = 100, cursor: from }, context) {
    const place = readCursor(from);
    const { clusters } = await context.session.client.call(taxonomy, {}, callOptions(context));
    const chosen = cluster === undefined ? clusters : clusters.filter(({ slug: name }) => name === cluster);
    if (cluster !== undefined && chosen.length === 0) {
      const known = clusters.map(({ slug: name }) => name);
      throw notFound('cluster', cluster, known, { tool: 'list_clusters', arguments: {}, why: 'see every cluster' });
    }
    const tags = chosen
      .flatMap((group) => group.tags.map((tag) => ({ tag, cluster: group.slug })))
      .sort((a, b) => b.tag.usage_count - a.tag.usage_count || reveal(a.tag.slug).localeCompare(reveal(b.tag.slug)))
      .map(({ tag, cluster: of }) => ({
        ...show(tagEntity, rowOf(tag)),
        cluster: of,
        usage_count: tag.usage_count,
        verified: tag.admin_verified_at !== null,
      }));
    const page = takePage(tags, place, wanted);
    return { tags: [...page.rows], ...present({ next_cursor: page.nextCursor }) };
  },
});

function rowOf({ slug: name, name: title, description }: z.output<typeof tagEntity>) {
  return { slug: name, ...present({ name: title, description: description && excerpt(description, 0, DESCRIPTION) }) };
}
