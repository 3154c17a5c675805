import {
  createLoginLink,
  createRealtimeToken,
  getActivityLog,
  getMe,
  getReputation,
  getSandboxProgress,
  heartbeat,
  listEvents,
  listKeys,
  revokeKey,
  rotateKeys,
  updateMe,
} from '#contract/operations/agent.ts';
import { isoTime } from '#kit/clock.ts';
import { issueKey, KEY_GRACE_MS, retireKeys } from '../../rules/keys.ts';
import { createLoginLink as makeLoginLink } from '../../rules/login-links.ts';
import { updateProfile } from '../../rules/profile.ts';
import { issueRealtimeToken, REALTIME_TOKEN_SECONDS } from '../../rules/realtime-token.ts';
import { refuse } from '../../rules/refuse.ts';
import { reputationOf } from '../../rules/reputation.ts';
import { progressOf } from '../../rules/sandbox-progress.ts';
import { record } from '../../storage/activity.ts';
import { findAgent, lockAgent, profileOf, timeOrNull } from '../../storage/agents.ts';
import { fromJson } from '../../storage/rows.ts';
import { type AnyRoute, defineRoute } from '../define-route.ts';
import { readTime } from '../read-time.ts';

const DEFAULT_LOG_LIMIT = 200;

export const agentRoutes: readonly AnyRoute[] = [
  defineRoute({ operation: getMe, apply: (tx, { agent }) => profileOf(tx, agent) }),

  defineRoute({
    operation: updateMe,
    apply: (tx, { agent, body, context }) => updateProfile(tx, context, agent, body),
  }),

  defineRoute({
    operation: heartbeat,
    async apply(tx, { agent, keyId, context }) {
      const now = context.clock.real();
      await tx.updateTable('agents').set({ last_seen_at: now }).where('id', '=', agent.id).execute();
      await tx.updateTable('api_keys').set({ last_used_at: now }).where('id', '=', keyId).execute();
      return { status: 'ok', last_seen_at: isoTime(now) };
    },
  }),

  defineRoute({ operation: getSandboxProgress, apply: (tx, { agent }) => progressOf(tx, agent) }),

  defineRoute({
    operation: getActivityLog,
    async apply(tx, { agent, query }) {
      const limit = query.limit ?? DEFAULT_LOG_LIMIT;
      let rows = tx
        .selectFrom('activity')
        .selectAll()
        .where('agent_id', '=', agent.id)
        .where('id', '>', query.since_id ?? 0);
      if (query.since_ts !== undefined) rows = rows.where('created_at', '>', readTime(query.since_ts, 'since_ts'));
      if (query.job_id !== undefined) rows = rows.where('job_id', '=', query.job_id);
      const entries = await rows.orderBy('id').limit(limit).execute();
      return {
        entries: entries.map((row) => ({
          id: Number(row.id),
          agent_id: row.agent_id,
          event_type: row.event_type,
          level: row.level as 'info' | 'warn' | 'error',
          job_id: row.job_id,
          payload: fromJson(row.payload),
          created_at: isoTime(Number(row.created_at)),
        })),
        next_since_id: Number(entries.at(-1)?.id ?? query.since_id ?? 0) || null,
      };
    },
  }),

  defineRoute({
    operation: listEvents,
    async apply(tx, { agent, query }) {
      const since = query.since === undefined ? 0 : readTime(query.since, 'since');
      const rows = await tx
        .selectFrom('webhook_events')
        .selectAll()
        .where('agent_id', '=', agent.id)
        .where('created_at', '>', since)
        .orderBy('created_at')
        .orderBy('id')
        .limit(1000)
        .execute();
      return rows.map((row) => ({
        id: row.id,
        event_type: row.event_type,
        payload: fromJson(row.payload),
        status: row.status as 'pending' | 'delivered' | 'failed',
        created_at: isoTime(Number(row.created_at)),
        attempts: row.attempts,
        last_result: row.last_result,
        delivered_at: timeOrNull(row.delivered_at),
      }));
    },
  }),

  defineRoute({
    operation: createRealtimeToken,
    apply: async (tx, { agent, context }) => ({
      token: await issueRealtimeToken(tx, agent.id, context.clock.real()),
      expires_in: REALTIME_TOKEN_SECONDS,
    }),
  }),

  defineRoute({
    operation: listKeys,
    async apply(tx, { agent, query }) {
      let rows = tx.selectFrom('api_keys').selectAll().where('agent_id', '=', agent.id);
      if (query.include_revoked !== 'true') rows = rows.where('revoked_at', 'is', null);
      const keys = await rows.orderBy('created_at').orderBy('id').execute();
      return {
        keys: keys.map((key) => ({
          id: key.id,
          label: key.label,
          key_prefix: key.prefix,
          created_at: isoTime(Number(key.created_at)),
          expires_at: timeOrNull(key.expires_at),
          revoked_at: timeOrNull(key.revoked_at),
          last_used_at: timeOrNull(key.last_used_at),
        })),
      };
    },
  }),

  defineRoute({
    operation: rotateKeys,
    async apply(tx, { agent, context }) {
      const now = context.clock.real();
      // Of two rotations at once, the second retires the key of the first.
      await lockAgent(tx, agent.id);
      const issued = await issueKey(tx, agent.id, now, 'rotated');
      await retireKeys(tx, agent.id, issued.id, now, KEY_GRACE_MS);
      await record(tx, { agentId: agent.id, type: 'keys_rotated', payload: { key_prefix: issued.prefix }, at: now });
      return { api_key: issued.key, key_id: issued.id, message: 'The old key works for 60 more seconds' };
    },
  }),

  defineRoute({
    operation: revokeKey,
    async apply(tx, { agent, params, keyId, context }) {
      const key = await tx
        .selectFrom('api_keys')
        .selectAll()
        .where('id', '=', params.key_id)
        .where('agent_id', '=', agent.id)
        .executeTakeFirst();
      if (!key) refuse('key_not_found', 'This agent has no such key', { key_id: params.key_id });
      if (key.id === keyId)
        refuse('cannot_revoke_current_key', 'The key that authenticates this call cannot revoke itself');
      const already = key.revoked_at !== null;
      const now = context.clock.real();
      if (!already) await tx.updateTable('api_keys').set({ revoked_at: now }).where('id', '=', key.id).execute();
      return { revoked: true, key_id: key.id, already_revoked: already };
    },
  }),

  defineRoute({
    operation: getReputation,
    async apply(tx, { params }) {
      const agent = await findAgent(tx, params.agent_id);
      if (!agent) refuse('agent_not_found', 'No such agent', { agent_id: params.agent_id });
      return { agent_id: agent.id, ...reputationOf(agent) };
    },
  }),

  defineRoute({
    operation: createLoginLink,
    async apply(tx, { agent, context, origin }) {
      const { token, expiresAt } = await makeLoginLink(tx, agent, context.clock.real());
      return { url: `${origin}/login?token=${token}`, expires_at: isoTime(expiresAt) };
    },
  }),
];
