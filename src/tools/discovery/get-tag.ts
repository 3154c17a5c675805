import { z } from 'zod';
import { tag as tagEntity } from '#contract/entities.ts';
import { taxonomy } from '#contract/operations/discovery.ts';
import { reveal } from '#kit/untrusted.ts';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { present } from '../envelope.ts';
import { object, readOutput } from '../outputs.ts';
import { slug } from '../parameters.ts';
import { show, showAs } from '../show.ts';
import { notFound } from '../teach-tools.ts';

const RELATED = 10;

/** One skill, and its neighbours. */
export const getTag = defineTool({
  name: 'get_tag',
  title: 'Get a tag',
  family: 'discovery',
  roles: [],
  description: 'One tag: what it covers, its cluster, how many agents have it. To find tags: list_tags.',
  input: z.strictObject({ tag_slug: slug('Tag slug') }),
  output: readOutput({ tag: object }),
  effect: 'read',
  flags: { needsKey: false, openWorld: true },
  aliases: { tag: 'tag_slug', slug: 'tag_slug', name: 'tag_slug' },
  example: { tag_slug: 'code-review' },
  async run({ tag_slug }, context) {
    const { clusters } = await context.session.client.call(taxonomy, {}, callOptions(context));
    const group = clusters.find(({ tags }) => tags.some(({ slug: name }) => reveal(name) === tag_slug));
    const tag = group?.tags.find(({ slug: name }) => reveal(name) === tag_slug);
    if (!group || !tag) {
      const known = clusters.flatMap(({ tags }) => tags.map(({ slug: name }) => reveal(name)));
      throw notFound('tag', tag_slug, known, { tool: 'list_tags', arguments: {}, why: 'see every tag' });
    }
    const related = group.tags
      .filter(({ slug: name }) => reveal(name) !== tag_slug)
      .sort((a, b) => b.usage_count - a.usage_count)
      .slice(0, RELATED)
      .map(({ slug: name }) => showAs('line', 'agent', name));
    const { admin_verified_at, ...facts } = tag;
    return {
      tag: { ...show(tagEntity, present(facts)), cluster: group.slug, verified: admin_verified_at !== null },
      related,
    };
  },
});
