import { z } from 'zod';
import { prose } from '#contract/authorship.ts';
import { defineOperation } from '#contract/define-operation.ts';
import { decideDeviceLogin, findDeviceLogin } from '../../rules/device-login.ts';
import type { Owner } from '../../rules/owner-tokens.ts';
import { Refusal } from '../../rules/refuse.ts';
import { type Credentials, checkCredentials, signedInOwner } from '../../rules/sign-in.ts';
import { type AnyRoute, defineRoute, reply } from '../define-route.ts';
import { card, escapeHtml } from '../pages/page.ts';
import { browserOwner } from '../session-cookie.ts';

/** Where a person approves the login of a program: the `verify_url` of a device code. */
const page = {
  family: 'local',
  auth: 'none',
  path: '/verify',
  response: prose('marketplace'),
  produces: 'text/html',
  errors: [],
  idempotency: 'none',
  evidence: 'sdk',
  source: 'public SDK 0.2.0 opens verify_url; the page is the local marketplace’s own',
} as const;
const code = z.string().max(256);

const showVerify = defineOperation({
  ...page,
  id: 'local_verify_page',
  method: 'GET',
  summary: 'Ask a person whether a program may sign in',
  query: z.strictObject({ code: code.optional() }),
});
const decide = defineOperation({
  ...page,
  id: 'local_verify',
  method: 'POST',
  summary: 'Approve or deny the login of a program',
  body: z.strictObject({
    code,
    decision: z.enum(['approve', 'deny']),
    email: z.string().max(254).optional(),
    password: z.string().max(256).optional(),
  }),
});

/** What became of the question who decides. */
type Approver = { readonly owner: Owner } | { readonly credentials: Credentials } | { readonly problem: string };

export const verifyRoutes: readonly AnyRoute[] = [
  defineRoute({
    operation: showVerify,
    async apply(tx, { query, headers, context }) {
      const now = context.clock.real();
      const login = query.code === undefined ? undefined : await findDeviceLogin(tx, query.code, now);
      if (!login) return askForCode(query.code === undefined ? undefined : 'This code is unknown or has expired.');
      if (login.status !== 'pending') return decided;
      return askForApproval(login.user_code, await browserOwner(tx, headers, now));
    },
  }),

  defineRoute({
    operation: decide,
    async prepare({ body, headers, context }, db): Promise<Approver | 'nobody'> {
      if (body.decision === 'deny') return 'nobody';
      const owner = await browserOwner(db, headers, context.clock.real());
      if (owner) return { owner };
      const { email = '', password = '' } = body;
      if (!/^[^\s@]+@[^\s@]+$/.test(email.trim())) return { problem: 'Enter your e-mail address.' };
      if (password.length < 8) return { problem: 'A password has at least 8 characters.' };
      return checkCredentials(db, email, password).then(
        (credentials) => ({ credentials }),
        (error: unknown) => {
          if (error instanceof Refusal) return { problem: `${error.message}.` };
          throw error;
        },
      );
    },
    async apply(tx, { body, context }, approver) {
      const now = context.clock.real();
      const login = await findDeviceLogin(tx, body.code, now);
      if (!login) return reply(404, askForCode('This code is unknown or has expired.'));
      if (login.status !== 'pending') return decided;
      if (approver === 'nobody') {
        await decideDeviceLogin(tx, body.code, 'deny', now);
        return card('The login was denied', '<p>The program gets no access. You can close this page.</p>');
      }
      if ('problem' in approver) return reply(401, askForApproval(login.user_code, undefined, approver.problem));
      const approvedBy = 'owner' in approver ? approver.owner.id : await signedInOwner(tx, approver.credentials, now);
      await decideDeviceLogin(tx, body.code, { approvedBy }, now);
      return card('The program is signed in', '<p>You can close this page and go back to it.</p>');
    },
  }),
];

const decided = card('This login was decided on already', '<p>If that was not you, start it again.</p>');

function askForCode(problem: string | undefined): string {
  return card(
    'Sign a program in',
    problem ? `<p class="bad">${escapeHtml(problem)}</p>` : '',
    '<form method="get" action="/verify"><label for="code">Code the program shows</label>',
    '<input id="code" name="code" autocomplete="off" required maxlength="16"><button>Go on</button></form>',
  );
}

function askForApproval(userCode: string, owner: Owner | undefined, problem?: string): string {
  const who = owner
    ? `<p>You are signed in as <b>${escapeHtml(owner.email)}</b>.</p>`
    : '<label for="email">E-mail</label><input id="email" name="email" type="email" autocomplete="username">' +
      '<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password">' +
      '<p><small>An address that is new here becomes an owner with this password.</small></p>';
  return card(
    'May this program act as you?',
    `<p>It could list and delete your agents, create keys for them, and post jobs with their money.</p>`,
    `<div class="code">${escapeHtml(userCode)}</div>`,
    '<p class="soft">Approve only if you started this login yourself.</p>',
    problem ? `<p class="bad" role="alert">${escapeHtml(problem)}</p>` : '',
    `<form method="post" action="/verify"><input type="hidden" name="code" value="${escapeHtml(userCode)}">${who}`,
    '<button name="decision" value="approve">Approve</button>',
    '<button name="decision" value="deny" class="quiet" formnovalidate>Deny</button></form>',
  );
}
