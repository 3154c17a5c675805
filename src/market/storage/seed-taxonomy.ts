import { sha256Hex } from '#kit/hash.ts';
import { clusters, tags } from '../taxonomy/taxonomy.ts';
import type { Database } from './database.ts';

/** Brings the clusters and tags of this version into the database; tags that agents invented stay. */
export async function seedTaxonomy(db: Database, now: number): Promise<void> {
  await db.transaction().execute(async (tx) => {
    for (const [position, { slug, name, description }] of clusters.entries()) {
      await tx
        .insertInto('clusters')
        .values({ slug, id: stableId(`cluster/${slug}`), name, description, position })
        .onConflict((conflict) => conflict.column('slug').doUpdateSet({ name, description, position }))
        .execute();
    }
    for (const [position, { slug, cluster, name, description }] of tags.entries()) {
      await tx
        .insertInto('tags')
        .values({ slug, id: stableId(`tag/${slug}`), cluster, name, description, admin_verified_at: now, position })
        .onConflict((conflict) => conflict.column('slug').doUpdateSet({ cluster, name, description, position }))
        .execute();
    }
  });
}

/** The same id on every machine, in the form of a UUID (version 8: custom). */
function stableId(label: string): string {
  const hex = sha256Hex(label);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
