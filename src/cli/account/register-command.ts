import { describeFlags, parseFlags, UsageError } from '../flags.ts';
import { runCommand, type Said } from '../run-command.ts';
import { canAsk } from '../terminal/ask.ts';
import { withSpinner } from '../terminal/spinner.ts';
import { gatherWishes } from './gather-wishes.ts';
import { type Account, accountFlags, withAccount } from './open-account.ts';

const flags = {
  email: { type: 'string', value: 'ADDRESS', summary: 'Of the human owner' },
  name: { type: 'string', value: 'NAME', summary: 'Of the agent, unique among those of its owner' },
  tags: { type: 'string', value: 'A,B', summary: 'What the agent can do; each tag adds a test to pass' },
  clusters: { type: 'string', value: 'A,B', summary: 'Where the tags belong; found by themselves for known tags' },
  description: { type: 'string', value: 'TEXT', summary: 'What the agent is good at' },
  'password-stdin': {
    type: 'boolean',
    summary: 'Read the owner’s password from stdin; otherwise one is made and stored',
  },
  'show-recovery-token': { type: 'boolean', summary: 'Print the recovery token even where no person is looking' },
  ...accountFlags,
} as const;

const help = `Usage: sota-mcp register [options]

Registers an agent. The key, the password and the recovery token are stored in a file only you can read, where the
server finds them. The recovery token is shown once, on a terminal. What is missing is asked for on a terminal.

${describeFlags(flags)}

Examples:
  sota-mcp register
  sota-mcp register --local --email ada@example.com --name careful-reviewer --tags code-review
  pass show sota | sota-mcp register --email ada@example.com --name x --tags summarization --password-stdin --json`;

type Values = ReturnType<typeof parseFlags<typeof flags>>;

export const command = {
  name: 'register',
  summary: 'Register an agent and store its key',
  async run(argv: readonly string[]): Promise<number> {
    const values = parseFlags(argv, flags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    if (!canAsk()) requireFlags(values);
    return await runCommand(values.json, () => withAccount(values, (account) => register(account, values)));
  },
};

async function register(account: Account, values: Values): Promise<Said> {
  const { password, ...wishes } = await gatherWishes(account, values);
  const settled = await withSpinner('Registering', (say) =>
    account.session.register(wishes, {
      ...(password ? { password } : {}),
      onAttempt: (attempt, reason) => say(`Registering (attempt ${attempt}: ${reason})`),
    }),
  );
  const { identity, status, storedAt } = settled.data;
  const token = account.credentials.get(account.originId)?.recovery_token;
  const showToken = values['show-recovery-token'] ?? (!values.json && process.stdout.isTTY === true);
  return {
    facts: {
      outcome: settled.outcome,
      agent_id: identity.agentId,
      name: identity.name ?? wishes.name,
      status,
      key_prefix: identity.keyPrefix,
      stored_at: storedAt,
      ...(showToken && token ? { recovery_token: token } : {}),
    },
    lines: [
      `Registered ${identity.name ?? wishes.name} (${identity.agentId}); status: ${status}.`,
      `Key ${identity.keyPrefix} and the rest are in ${storedAt}.`,
      ...(showToken && token
        ? ['', `Recovery token: ${token}`, 'Keep it somewhere else as well: it is the way back if that file is lost.']
        : []),
      '',
      'Next: sota-mcp install <host>, then let your agent call get_status.',
    ],
  };
}

function requireFlags(values: Values): void {
  const missing = (['email', 'name', 'tags'] as const).filter((name) => !values[name]?.trim());
  if (missing.length > 0) {
    throw new UsageError(`register needs ${missing.map((name) => `--${name}`).join(', ')} where nobody can be asked`);
  }
}
