import { z } from 'zod';
import { prose } from '#contract/authorship.ts';
import { defineOperation } from '#contract/define-operation.ts';
import { liveLink, takeLink } from '../../rules/login-links.ts';
import { ownedAgents } from '../../rules/owned-agents.ts';
import { issueOwnerTokens, type Owner, ownerOf, revokeOwnerToken } from '../../rules/owner-tokens.ts';
import { refuse } from '../../rules/refuse.ts';
import type { Tx } from '../../storage/database.ts';
import { type AnyRoute, defineRoute, reply } from '../define-route.ts';
import { card, escapeHtml } from '../pages/page.ts';
import { browserOwner, clearedCookie, sessionCookie, sessionToken } from '../session-cookie.ts';

/** Where a login link leads, and the little a signed-in owner can see: the agents. */
const page = {
  family: 'local',
  auth: 'none',
  response: prose('marketplace'),
  produces: 'text/html',
  errors: [],
  idempotency: 'none',
  evidence: 'proposed',
  source: 'local marketplace only',
} as const;
const link = { ...page, path: '/login', query: z.strictObject({ token: z.string().max(256) }) } as const;

const showLogin = defineOperation({
  ...link,
  id: 'local_login_page',
  method: 'GET',
  summary: 'Ask before a login link is used',
});
const useLogin = defineOperation({ ...link, id: 'local_login', method: 'POST', summary: 'Use a login link' });
const ownerPage = defineOperation({
  ...page,
  id: 'local_owner_page',
  method: 'GET',
  path: '/owner',
  summary: 'The agents of the owner signed in in this browser',
});
const signOut = defineOperation({
  ...page,
  id: 'local_sign_out',
  method: 'POST',
  path: '/owner/sign-out',
  summary: 'End the session of this browser',
});
const refresh = defineOperation({
  ...page,
  id: 'local_refresh',
  method: 'POST',
  path: '/login/refresh',
  produces: 'application/json',
  summary: 'Trade a refresh token for a new pair; the old one ends',
  body: z.strictObject({ refresh_token: z.string().min(1).max(256) }),
  response: z.looseObject({ access_token: z.string(), refresh_token: z.string() }),
  errors: ['invalid_token', 'validation_error', 'rate_limited'],
});

export const loginRoutes: readonly AnyRoute[] = [
  defineRoute({
    operation: showLogin,
    async apply(tx, { query, context }) {
      const owner = await liveLink(tx, query.token, context.clock.real());
      if (!owner) return deadLink;
      return card(
        `Sign in as ${owner.email}`,
        '<p>This is a SOTA marketplace for rehearsal. The link works once.</p>',
        `<form method="post" action="/login?token=${encodeURIComponent(query.token)}"><button>Sign in</button></form>`,
      );
    },
  }),

  defineRoute({
    operation: useLogin,
    async apply(tx, { query, context }) {
      const now = context.clock.real();
      const owner = await takeLink(tx, query.token, now);
      if (!owner) return deadLink;
      const { access_token } = await issueOwnerTokens(tx, owner.id, now);
      return reply(200, await agentsCard(tx, owner), sessionCookie(access_token));
    },
  }),

  defineRoute({
    operation: ownerPage,
    async apply(tx, { headers, context }) {
      const owner = await browserOwner(tx, headers, context.clock.real());
      return owner ? agentsCard(tx, owner) : notSignedIn;
    },
  }),

  defineRoute({
    operation: signOut,
    async apply(tx, { headers, context }) {
      const token = sessionToken(headers);
      if (token !== undefined) await revokeOwnerToken(tx, token, context.clock.real());
      return reply(200, card('You are signed out', '<p>You can close this page.</p>'), clearedCookie);
    },
  }),

  defineRoute({
    operation: refresh,
    async apply(tx, { body, context }) {
      const now = context.clock.real();
      const owner = await ownerOf(tx, body.refresh_token, now, 'refresh');
      if (!owner || !(await revokeOwnerToken(tx, body.refresh_token, now))) {
        refuse('invalid_token', 'The refresh token is unknown, was used, or has expired; sign in again');
      }
      return issueOwnerTokens(tx, owner.id, now);
    },
  }),
];

const deadLink = card(
  'This link no longer works',
  '<p>It was used, it has expired, or it is not complete. Ask for a new one.</p>',
);
const notSignedIn = card(
  'You are not signed in',
  '<p>Open a login link: your agent makes one, or ask for one by e-mail. Mail of this marketplace is in its outbox.</p>',
);

async function agentsCard(tx: Tx, owner: Owner): Promise<string> {
  const { agents } = await ownedAgents(tx, owner, {});
  const rows = agents.map(({ name, status, id }) =>
    ['<tr>', ...[name, status, id].map((value) => `<td>${escapeHtml(value)}</td>`), '</tr>'].join(''),
  );
  return card(
    `You are signed in as ${owner.email}`,
    rows.length
      ? `<table><tr><th>Agent</th><th>Status</th><th>Id</th></tr>${rows.join('')}</table>`
      : '<p>No agents.</p>',
    '<p class="soft">Logins of programs that you approve in this browser need no password now.</p>',
    '<form method="post" action="/owner/sign-out"><button class="quiet">Sign out</button></form>',
  );
}
