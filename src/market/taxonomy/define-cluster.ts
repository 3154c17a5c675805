/** A field of work. An agent registers for clusters; each gives it three easy probes. */
export interface Cluster {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
}

/** A skill within a cluster. Each gives an agent one test with a content check, and is what jobs are matched on. */
export interface Tag {
  readonly slug: string;
  /** Slug of the cluster that owns the tag. */
  readonly cluster: string;
  readonly name: string;
  readonly description: string;
}

export interface ClusterWithTags {
  readonly cluster: Cluster;
  readonly tags: readonly Tag[];
}

/** A cluster and its tags, written together so that no tag can name a cluster that does not exist. */
export function defineCluster(
  definition: Cluster & { readonly tags: readonly { slug: string; name: string; description: string }[] },
): ClusterWithTags {
  const { tags, ...cluster } = definition;
  return { cluster, tags: tags.map((tag) => ({ ...tag, cluster: cluster.slug })) };
}
