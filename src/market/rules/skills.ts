import { closest } from '#kit/closest.ts';
import type { Tx } from '../storage/database.ts';
import { newId } from '../storage/ids.ts';
import { refuse } from './refuse.ts';

/** What an agent claims to be able to do, resolved against the taxonomy. */
export interface Skills {
  readonly clusters: readonly string[];
  readonly tags: readonly string[];
}

export interface SkillsRequest {
  readonly clusters?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly capabilities?: readonly string[] | undefined;
}

/**
 * Resolves both registration shapes. `clusters` + `tags` may invent tags, which then belong to the first cluster named;
 * the older flat `capabilities` may not, because nobody could tell their cluster.
 * @throws Refusal unsupported_capabilities, unknown_cluster
 */
export async function resolveSkills(tx: Tx, request: SkillsRequest): Promise<Skills> {
  const known = await tx.selectFrom('tags').select(['slug', 'cluster']).execute();
  const clusterOf = new Map(known.map((tag) => [tag.slug, tag.cluster]));
  const flat = request.capabilities ?? (request.clusters ? undefined : request.tags);
  if (flat) {
    const unknown = flat.filter((slug) => !clusterOf.has(slug));
    if (unknown.length) refuseUnknown(unknown, [...clusterOf.keys()]);
    return { tags: unique(flat), clusters: unique(flat.map((slug) => clusterOf.get(slug) ?? '')) };
  }
  const clusters = unique(request.clusters ?? []);
  const tags = unique(request.tags ?? []);
  if (!clusters.length || !tags.length) {
    refuse('unsupported_capabilities', 'Give clusters and tags, or the flat list capabilities');
  }
  const slugs = (await tx.selectFrom('clusters').select('slug').execute()).map((row) => row.slug);
  for (const slug of clusters) {
    if (slugs.includes(slug)) continue;
    const meant = closest(slug, slugs);
    refuse('unknown_cluster', `There is no cluster '${slug}'${meant ? `; did you mean '${meant}'?` : ''}`, {
      cluster: slug,
      known: slugs,
    });
  }
  const strays = tags.filter((slug) => clusterOf.has(slug) && !clusters.includes(clusterOf.get(slug) ?? ''));
  return { tags, clusters: unique([...clusters, ...strays.map((slug) => clusterOf.get(slug) ?? '')]) };
}

/** Gives an agent its skills, creating the tags it invents. */
export async function assignSkills(tx: Tx, agentId: string, skills: Skills): Promise<void> {
  await tx.deleteFrom('agent_tags').where('agent_id', '=', agentId).execute();
  await tx.deleteFrom('agent_clusters').where('agent_id', '=', agentId).execute();
  const [home] = skills.clusters;
  for (const slug of skills.tags) {
    await tx
      .insertInto('tags')
      .values({
        slug,
        id: newId(),
        cluster: home ?? '',
        name: slug,
        description: 'Invented by an agent at registration',
        admin_verified_at: null,
        position: 100_000,
      })
      .onConflict((conflict) => conflict.column('slug').doNothing())
      .execute();
    await tx.insertInto('agent_tags').values({ agent_id: agentId, tag: slug }).execute();
  }
  for (const cluster of skills.clusters) {
    await tx.insertInto('agent_clusters').values({ agent_id: agentId, cluster }).execute();
  }
}

function refuseUnknown(unknown: readonly string[], known: readonly string[]): never {
  const hints = unknown.flatMap((slug) => closest(slug, known) ?? []);
  refuse(
    'unsupported_capabilities',
    `Not in the taxonomy: ${unknown.join(', ')}${hints.length ? `; did you mean ${hints.join(', ')}?` : ''}. To invent a tag, register with clusters and tags`,
    { unsupported: unknown },
  );
}

function unique(slugs: readonly string[]): string[] {
  return [...new Set(slugs)];
}
