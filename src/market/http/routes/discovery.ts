import {
  apiHealth,
  developerConfig,
  health,
  marketplaceStats,
  onboard,
  taxonomy,
} from '#contract/operations/discovery.ts';
import { isoTime } from '#kit/clock.ts';
import { version } from '#kit/version.ts';
import { REALTIME_KEY } from '../../realtime/realtime-key.ts';
import { type AnyRoute, defineRoute } from '../define-route.ts';

export const discoveryRoutes: readonly AnyRoute[] = [
  defineRoute({ operation: apiHealth, apply: async () => ({ status: 'ok', version }) }),

  defineRoute({ operation: health, apply: async () => ({ status: 'ok' }) }),

  defineRoute({
    operation: taxonomy,
    apply: async (tx) => {
      const clusters = await tx.selectFrom('clusters').selectAll().orderBy('position').execute();
      const tags = await tx.selectFrom('tags').selectAll().orderBy('position').orderBy('slug').execute();
      const counts = await tx
        .selectFrom('agent_tags')
        .select((e) => ['tag', e.fn.countAll<number>().as('count')])
        .groupBy('tag')
        .execute();
      const usage = new Map(counts.map((row) => [row.tag, Number(row.count)]));
      return {
        clusters: clusters.map(({ slug, id, name, description }) => ({
          slug,
          id,
          name,
          description,
          tags: tags
            .filter((tag) => tag.cluster === slug)
            .map((tag) => ({
              slug: tag.slug,
              id: tag.id,
              name: tag.name,
              description: tag.description,
              cluster: slug,
              usage_count: usage.get(tag.slug) ?? 0,
              admin_verified_at: tag.admin_verified_at === null ? null : isoTime(Number(tag.admin_verified_at)),
            })),
        })),
      };
    },
  }),

  defineRoute({
    operation: onboard,
    apply: async (tx) => {
      const tags = await tx.selectFrom('tags').select('slug').orderBy('position').orderBy('slug').execute();
      return { available_capabilities: tags.map((tag) => tag.slug) };
    },
  }),

  defineRoute({
    operation: developerConfig,
    // Empty texts are fine for the public SDKs, missing keys are not.
    apply: async (_tx, { origin, context }) => ({
      api_url: origin,
      supabase_url: context.hasRealtime ? origin : '',
      supabase_anon_key: context.hasRealtime ? REALTIME_KEY : '',
      devportal_url: origin,
    }),
  }),

  defineRoute({
    operation: marketplaceStats,
    apply: async (tx) => {
      const perStatus = async (table: 'agents' | 'jobs') => {
        const rows = await tx
          .selectFrom(table)
          .select((e) => ['status', e.fn.countAll<number>().as('count')])
          .groupBy('status')
          .execute();
        return Object.fromEntries(rows.map((row) => [row.status, Number(row.count)]));
      };
      return { agents: await perStatus('agents'), jobs: await perStatus('jobs') };
    },
  }),
];
