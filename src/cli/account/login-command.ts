import { setTimeout as wait } from 'node:timers/promises';
import { SotaError } from '#contract/errors/sota-error.ts';
import { deviceCode, devicePoll } from '#contract/operations/registration.ts';
import { isoTime } from '#kit/clock.ts';
import { liveSecrets } from '#kit/redact.ts';
import { describeFlags, parseFlags } from '../flags.ts';
import { runCommand, type Said } from '../run-command.ts';
import { withSpinner } from '../terminal/spinner.ts';
import { type Account, accountFlags, withAccount } from './open-account.ts';

const flags = {
  logout: { type: 'boolean', summary: 'Forget the stored token instead' },
  ...accountFlags,
} as const;

const help = `Usage: sota-mcp login [options]

Signs you in as the owner of your agents: open the printed address in any browser and approve. The token is stored in a
file only you can read. Agents do not need it; recover --owner does.

${describeFlags(flags)}

Examples:
  sota-mcp login
  sota-mcp login --logout`;

/** As the public SDKs poll. A marketplace may ask for another pace with \`interval\` (RFC 8628). */
const POLL_SECONDS = 2;
const SLOWER_SECONDS = 5;

export const command = {
  name: 'login',
  summary: 'Sign in as the owner of your agents',
  async run(argv: readonly string[]): Promise<number> {
    const values = parseFlags(argv, flags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    return await runCommand(values.json, () => withAccount(values, values.logout ? logout : login));
  },
};

async function login({ client, owners, originId }: Account): Promise<Said> {
  const started = await client.call(deviceCode, { body: {} });
  const { device_code, verify_url, expires_in } = started;
  const code = typeof started.user_code === 'string' ? started.user_code : undefined;
  // To stderr: with --json stdout has the result alone.
  console.error(`Open ${verify_url}${code ? `\nand compare the code: ${code}` : ''}`);
  const ends = Date.now() + expires_in * 1000;
  let seconds = typeof started.interval === 'number' ? started.interval : POLL_SECONDS;
  const answer = await withSpinner('Waiting for your approval', async () => {
    while (Date.now() < ends) {
      await wait(seconds * 1000);
      try {
        const polled = await client.call(devicePoll, { body: { device_code } });
        if (polled.status === 'authorized') return polled;
      } catch (error) {
        if (!(error instanceof SotaError) || error.code !== 'rate_limited') throw error;
        seconds += error.retryAfterSeconds ?? SLOWER_SECONDS;
      }
    }
    return undefined;
  });
  if (!answer?.access_token) throw expired();
  const { access_token, refresh_token, user_id, email } = answer;
  liveSecrets.add(access_token);
  if (refresh_token) liveSecrets.add(refresh_token);
  await owners.set(originId, {
    access_token,
    ...(refresh_token ? { refresh_token } : {}),
    ...(user_id ? { user_id } : {}),
    ...(email ? { email } : {}),
    signed_in_at: isoTime(Date.now()),
  });
  return {
    facts: { signed_in: true, ...(user_id ? { user_id } : {}), ...(email ? { email } : {}), stored_at: owners.path },
    lines: [`Signed in${email ? ` as ${email}` : ''}. The token is in ${owners.path}.`],
  };
}

async function logout({ owners, originId }: Account): Promise<Said> {
  const before = owners.get(originId);
  if (before) await owners.set(originId, undefined);
  return {
    facts: { signed_in: false, changed: before !== undefined },
    lines: [before ? 'Signed out on this machine.' : 'Nobody was signed in.'],
  };
}

function expired(): SotaError {
  return new SotaError({
    code: 'device_code_expired',
    message: 'The login was not approved in time. Nothing was stored.',
    fix: 'Run sota-mcp login again and approve it in the browser.',
  });
}
