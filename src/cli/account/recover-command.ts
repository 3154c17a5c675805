import type { StoredAgent } from '#client/credentials.ts';
import { keyPrefix } from '#client/key-ring.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { createAgentKey, listOwnedAgents, recoverAgent } from '#contract/operations/registration.ts';
import { liveSecrets } from '#kit/redact.ts';
import { describeFlags, parseFlags, UsageError } from '../flags.ts';
import { runCommand, type Said } from '../run-command.ts';
import { askHidden, canAsk, readStdin } from '../terminal/ask.ts';
import { withSpinner } from '../terminal/spinner.ts';
import { type Account, accountFlags, withAccount } from './open-account.ts';

const flags = {
  'token-stdin': { type: 'boolean', summary: 'Read the recovery token from stdin; otherwise the stored one is used' },
  owner: { type: 'boolean', summary: 'As the signed-in owner instead (sota-mcp login): issue a further key' },
  agent: { type: 'string', value: 'ID', summary: 'Which agent, where the owner has several' },
  ...accountFlags,
} as const;

const help = `Usage: sota-mcp recover [options]

Gets an agent a new key when the old one is lost or was revoked, and stores it. With a recovery token all older keys stop
working; as the signed-in owner they go on.

${describeFlags(flags)}

Examples:
  sota-mcp recover
  pass show sota-recovery | sota-mcp recover --token-stdin
  sota-mcp login && sota-mcp recover --owner`;

type Values = ReturnType<typeof parseFlags<typeof flags>>;

export const command = {
  name: 'recover',
  summary: 'Get a new key for an agent that lost its own',
  async run(argv: readonly string[]): Promise<number> {
    const values = parseFlags(argv, flags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    if (values.owner && values['token-stdin']) throw new UsageError('--owner needs no token: leave out --token-stdin');
    return await runCommand(values.json, () =>
      withAccount(values, (account) => (values.owner ? asOwner(account, values) : byToken(account, values))),
    );
  },
};

async function byToken(account: Account, values: Values): Promise<Said> {
  const token = await tokenOf(account, values);
  liveSecrets.add(token);
  const answer = await withSpinner('Recovering', () =>
    account.client.call(recoverAgent, {
      body: { recovery_token: token, ...(values.agent === undefined ? {} : { agent_id: values.agent }) },
    }),
  );
  const { agent_id, api_key, webhook_secret, recovery_token } = answer;
  return await store(account, {
    agent_id,
    api_key,
    webhook_secret,
    ...(recovery_token === undefined ? {} : { recovery_token }),
  });
}

async function asOwner(account: Account, { agent }: Values): Promise<Said> {
  const { client } = account;
  const { agents } = await withSpinner('Asking for your agents', () => client.call(listOwnedAgents, { query: {} }));
  const stored = account.credentials.get(account.originId)?.agent_id;
  const wanted =
    agent ?? agents.find(({ id }) => id === stored)?.id ?? (agents.length === 1 ? agents[0]?.id : undefined);
  const found = agents.find(({ id }) => id === wanted);
  if (!found) throw whichAgent(agents);
  const answer = await withSpinner('Issuing a key', () =>
    client.call(createAgentKey, { params: { agent_id: found.id }, body: { label: 'sota-mcp' } }),
  );
  return await store(account, {
    agent_id: found.id,
    name: found.name,
    api_key: answer.api_key,
    key_id: answer.key_id,
  });
}

async function store(account: Account, news: StoredAgent): Promise<Said> {
  const { credentials, originId } = account;
  const { api_key = '' } = news;
  liveSecrets.add(api_key);
  await credentials.update(originId, (before) => {
    // Another agent's secrets are of no use to this one.
    const kept = before?.agent_id === undefined || before.agent_id === news.agent_id ? before : undefined;
    const { rotation: _old, registration: _noted, ...rest } = kept ?? {};
    return { ...rest, ...news };
  });
  const warning = process.env.SOTA_API_KEY?.trim()
    ? ['SOTA_API_KEY is set and wins over the stored key: remove or replace it.']
    : [];
  return {
    facts: { agent_id: news.agent_id, key_prefix: keyPrefix(api_key), stored_at: credentials.path },
    lines: [`New key ${keyPrefix(api_key)} for ${news.agent_id}, stored in ${credentials.path}.`, ...warning],
  };
}

async function tokenOf({ credentials, originId }: Account, values: Values): Promise<string> {
  if (values['token-stdin']) return (await readStdin()).trim();
  const stored = credentials.get(originId)?.recovery_token;
  if (stored) return stored;
  if (canAsk()) return (await askHidden('Recovery token')).trim();
  throw new SotaError({
    code: 'no_recovery_token',
    message: 'There is no recovery token for this marketplace on this machine. Nothing was sent.',
    fix: 'Give it on stdin with --token-stdin, or sign in with sota-mcp login and use --owner.',
  });
}

function whichAgent(agents: readonly { readonly id: string; readonly name: string }[]): SotaError {
  const list = agents.map(({ id, name }) => `${id} (${name})`).join(', ');
  return new SotaError({
    code: 'which_agent',
    message: agents.length === 0 ? 'You own no agent on this marketplace.' : `You own several agents: ${list}.`,
    fix: agents.length === 0 ? 'Register one with sota-mcp register.' : 'Say which with --agent.',
  });
}
