import { z } from 'zod';
import { prose } from '#contract/authorship.ts';
import { defineOperation } from '#contract/define-operation.ts';
import { isoTime } from '#kit/clock.ts';
import type { Tx } from '../../storage/database.ts';
import { type AnyRoute, defineRoute } from '../define-route.ts';
import { card, escapeHtml } from '../pages/page.ts';

/** The mail this marketplace wrote and did not send, as data and as a page with links to click on. */
const outbox = {
  family: 'local',
  auth: 'none',
  method: 'GET',
  errors: [],
  idempotency: 'natural',
  evidence: 'proposed',
  source: 'local marketplace only',
} as const;
const mail = z.looseObject({ to: z.string(), subject: z.string(), body: z.string(), written_at: z.string() });
const MOST = 100;

const listMail = defineOperation({
  ...outbox,
  id: 'local_outbox',
  path: '/_local/outbox',
  summary: 'Mail whose links still work, newest first',
  response: z.looseObject({ mails: z.array(mail) }),
});
const showMail = defineOperation({
  ...outbox,
  id: 'local_outbox_page',
  path: '/_local/outbox/page',
  summary: 'The same for a browser',
  response: prose('marketplace'),
  produces: 'text/html',
});

export const outboxRoutes: readonly AnyRoute[] = [
  defineRoute({
    operation: listMail,
    apply: async (tx, { context }) => ({ mails: await mails(tx, context.clock.real()) }),
  }),
  defineRoute({
    operation: showMail,
    async apply(tx, { context }) {
      const all = await mails(tx, context.clock.real());
      const shown = all.map(
        ({ to, subject, body, written_at }) =>
          `<h2>${escapeHtml(subject)}</h2><p class="soft">To ${escapeHtml(to)}, ${written_at}</p><pre>${linked(escapeHtml(body))}</pre>`,
      );
      return card('Outbox', ...(shown.length ? shown : ['<p>No mail.</p>']));
    },
  }),
];

async function mails(tx: Tx, now: number) {
  const rows = await tx
    .selectFrom('outbox')
    .selectAll()
    .where('expires_at', '>', now)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .limit(MOST)
    .execute();
  return rows.map(({ recipient, subject, body, created_at }) => ({
    to: recipient,
    subject,
    body,
    written_at: isoTime(Number(created_at)),
  }));
}

function linked(escaped: string): string {
  return escaped.replace(/https?:\/\/[^\s<]+/g, (url) => `<a href="${url}">${url}</a>`);
}
