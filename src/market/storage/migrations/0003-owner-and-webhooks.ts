import type { Kysely, Migration } from 'kysely';

/**
 * Owners sign in (tokens, device logins, links by mail, and the mail itself, which never leaves the machine), and
 * webhooks are really sent: how often each was tried and what came of it, and the secrets that are on their way out.
 * Of everything that opens a door only the SHA-256 is stored. Webhook secrets are the exception: signing needs them.
 */
export const ownerAndWebhooks: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const text = 'text' as const;
    const int = 'integer' as const;
    const big = 'bigint' as const;

    await db.schema
      .createTable('owner_tokens')
      .addColumn('hash', text, (c) => c.primaryKey())
      .addColumn('user_id', text, (c) => c.notNull().references('users.id'))
      .addColumn('kind', text, (c) => c.notNull())
      .addColumn('created_at', big, (c) => c.notNull())
      .addColumn('expires_at', big, (c) => c.notNull())
      .addColumn('revoked_at', big)
      .execute();
    await db.schema.createIndex('owner_tokens_expiry').on('owner_tokens').columns(['expires_at']).execute();

    await db.schema
      .createTable('device_codes')
      .addColumn('code_hash', text, (c) => c.primaryKey())
      .addColumn('user_code', text, (c) => c.notNull().unique())
      .addColumn('status', text, (c) => c.notNull())
      .addColumn('user_id', text, (c) => c.references('users.id'))
      .addColumn('created_at', big, (c) => c.notNull())
      .addColumn('expires_at', big, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('magic_links')
      .addColumn('token_hash', text, (c) => c.primaryKey())
      .addColumn('user_id', text, (c) => c.notNull().references('users.id'))
      .addColumn('created_at', big, (c) => c.notNull())
      .addColumn('expires_at', big, (c) => c.notNull())
      .addColumn('used_at', big)
      .execute();

    await db.schema
      .createTable('outbox')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('recipient', text, (c) => c.notNull())
      .addColumn('subject', text, (c) => c.notNull())
      .addColumn('body', text, (c) => c.notNull())
      .addColumn('created_at', big, (c) => c.notNull())
      .addColumn('expires_at', big, (c) => c.notNull())
      .execute();

    await db.schema
      .createTable('retired_webhook_secrets')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('agent_id', text, (c) => c.notNull().references('agents.id'))
      .addColumn('secret', text, (c) => c.notNull())
      .addColumn('not_after', big, (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex('retired_webhook_secrets_agent')
      .on('retired_webhook_secrets')
      .columns(['agent_id', 'not_after'])
      .execute();

    await db.schema
      .alterTable('webhook_events')
      .addColumn('attempts', int, (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema.alterTable('webhook_events').addColumn('last_attempt_at', big).execute();
    await db.schema.alterTable('webhook_events').addColumn('last_result', text).execute();
    await db.schema.alterTable('webhook_events').addColumn('delivered_at', big).execute();
  },
};
