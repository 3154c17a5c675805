import { sha256Hex } from '#kit/hash.ts';
import { clusters, tags } from '../taxonomy/taxonomy.ts';
import type { Database } from './database.ts';

/** Brings the clusters and tags of this version into the database; tags that agents invented stay. */
export async function seedTaxonomy(db: Database, now: number): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx
      .insertInto('clusters')
      .values(
        clusters.map(({ slug, name, description }, position) => {
          return { slug, id: stableId(`cluster/${slug}`), name, description, position };
        }),
      )
      .onConflict((conflict) =>
        conflict.column('slug').doUpdateSet((row) => ({
          name: row.ref('excluded.name'),
          description: row.ref('excluded.description'),
          position: row.ref('excluded.position'),
        })),
      )
      .execute();
    await tx
      .insertInto('tags')
      .values(
        tags.map(({ slug, cluster, name, description }, position) => {
          return { slug, id: stableId(`tag/${slug}`), cluster, name, description, admin_verified_at: now, position };
        }),
      )
      .onConflict((conflict) =>
        conflict.column('slug').doUpdateSet((row) => ({
          cluster: row.ref('excluded.cluster'),
          name: row.ref('excluded.name'),
          description: row.ref('excluded.description'),
          position: row.ref('excluded.position'),
        })),
      )
      .execute();
  });
}

/** The same id on every machine, in the form of a UUID (version 8: custom). */
function stableId(label: string): string {
  const hex = sha256Hex(label);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
