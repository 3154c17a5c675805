import { z } from 'zod';
import { prose } from '#contract/authorship.ts';
import { defineOperation } from '#contract/define-operation.ts';
import { sha256Hex } from '#kit/hash.ts';
import { findAgent } from '../../storage/agents.ts';
import type { Tx } from '../../storage/database.ts';
import { type AnyRoute, defineRoute } from '../define-route.ts';

/**
 * Where a login link leads. Opening it changes nothing: mail scanners and chat previews open links too. The person
 * presses a button, and the link is used up.
 */
const page = {
  family: 'local',
  auth: 'none',
  path: '/login',
  query: z.strictObject({ token: z.string().max(256) }),
  response: prose('marketplace'),
  produces: 'text/html',
  errors: [],
  idempotency: 'none',
  evidence: 'proposed',
  source: 'local marketplace only',
} as const;

const showLogin = defineOperation({
  ...page,
  id: 'local_login_page',
  method: 'GET',
  summary: 'Ask before a login link is used',
});
const useLogin = defineOperation({ ...page, id: 'local_login', method: 'POST', summary: 'Use a login link' });

export const loginRoutes: readonly AnyRoute[] = [
  defineRoute({
    operation: showLogin,
    async apply(tx, { query, context }) {
      const link = await liveLink(tx, query.token, context.clock.real());
      if (!link)
        return html(
          'This link no longer works',
          'It was used, it has expired, or it is not complete. Ask the agent for a new one.',
        );
      const form = `<form method="post" action="/login?token=${encodeURIComponent(query.token)}"><button>Sign in</button></form>`;
      return html(
        `Sign in as the owner of ${escapeHtml(link.name)}`,
        'This is a marketplace on your own machine. The link works once.',
        form,
      );
    },
  }),

  defineRoute({
    operation: useLogin,
    async apply(tx, { query, context }) {
      const now = context.clock.real();
      const link = await liveLink(tx, query.token, now);
      if (!link) return html('This link no longer works', 'Ask the agent for a new one.');
      await tx
        .updateTable('login_links')
        .set({ used_at: now })
        .where('token_hash', '=', sha256Hex(query.token))
        .execute();
      return html(
        `You are signed in as the owner of ${escapeHtml(link.name)}`,
        'The local marketplace has no dashboard: everything an owner can do is in the README under /_local.',
      );
    },
  }),
];

async function liveLink(tx: Tx, token: string, now: number): Promise<{ name: string } | undefined> {
  const link = await tx
    .selectFrom('login_links')
    .selectAll()
    .where('token_hash', '=', sha256Hex(token))
    .executeTakeFirst();
  if (!link || link.used_at !== null || Number(link.expires_at) <= now) return undefined;
  return findAgent(tx, link.agent_id);
}

function html(title: string, words: string, extra = ''): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;color:#1b1f24}button{font:inherit;padding:.5rem 1.25rem;border:0;border-radius:.4rem;background:#1f6feb;color:#fff;cursor:pointer}</style>
<h1>${title}</h1><p>${words}</p>${extra}</html>`;
}

function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
