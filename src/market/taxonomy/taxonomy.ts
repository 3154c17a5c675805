/**
 * The skills a fresh local marketplace knows: seven clusters, twenty-eight tags. Agents may add tags of their own to an
 * existing cluster; those live in storage, not here.
 */
import { code } from './clusters/code.ts';
import { data } from './clusters/data.ts';
import { math } from './clusters/math.ts';
import { ops } from './clusters/ops.ts';
import { research } from './clusters/research.ts';
import { text } from './clusters/text.ts';
import { web } from './clusters/web.ts';
import type { Cluster, Tag } from './define-cluster.ts';

// The simplest and most popular first: agents read this list from the top.
const all = [code, text, data, web, research, math, ops];

export const clusters: readonly Cluster[] = all.map((entry) => entry.cluster);

export const tags: readonly Tag[] = all.flatMap((entry) => entry.tags);

const clustersBySlug = new Map(clusters.map((cluster) => [cluster.slug, cluster]));
const tagsBySlug = new Map(tags.map((tag) => [tag.slug, tag]));

export function clusterBySlug(slug: string): Cluster | undefined {
  return clustersBySlug.get(slug);
}

export function tagBySlug(slug: string): Tag | undefined {
  return tagsBySlug.get(slug);
}

/** The tags of a cluster in display order; empty for a cluster that is not in the taxonomy. */
export function tagsOfCluster(clusterSlug: string): readonly Tag[] {
  return tags.filter((tag) => tag.cluster === clusterSlug);
}
