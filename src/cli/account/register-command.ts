import { SotaError } from '#contract/errors/sota-error.ts';
import { taxonomy } from '#contract/operations/discovery.ts';
import { closest } from '#kit/closest.ts';
import { reveal } from '#kit/untrusted.ts';
import { describeFlags, parseFlags, UsageError } from '../flags.ts';
import { runCommand, type Said } from '../run-command.ts';
import { ask, askHidden, canAsk, readStdin } from '../terminal/ask.ts';
import { withSpinner } from '../terminal/spinner.ts';
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

interface Wishes {
  readonly email: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly clusters: readonly string[];
  readonly description?: string;
  readonly password?: string;
}

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
  const { password, ...wishes } = await gather(account, values);
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

async function gather({ client }: Account, values: Values): Promise<Wishes> {
  const { clusters: known } = await withSpinner('Reading the skills this marketplace knows', () =>
    client.call(taxonomy, {}),
  );
  const email = values.email ?? (await ask('E-mail address of the owner'));
  const name = values.name ?? (await ask('Name of the agent'));
  if (values.tags === undefined) {
    for (const { slug, tags } of known) console.error(`  ${slug}: ${tags.map((tag) => reveal(tag.slug)).join(', ')}`);
  }
  const tags = list(values.tags ?? (await ask('Tags, separated by commas')));
  const home = new Map(
    known.flatMap((cluster) => cluster.tags.map((tag) => [reveal(tag.slug), cluster.slug] as const)),
  );
  const clusters = values.clusters === undefined ? clustersOf(tags, home) : list(values.clusters);
  const description = values.description?.trim();
  const password = await passwordOf(values);
  if (password !== undefined && password.length < 8) throw tooShort();
  return {
    email,
    name,
    tags,
    clusters,
    ...(description ? { description } : {}),
    ...(password ? { password } : {}),
  };
}

/** An empty answer means: make one. */
async function passwordOf(values: Values): Promise<string | undefined> {
  if (values['password-stdin']) return await readStdin();
  if (!canAsk()) return undefined;
  const typed = await askHidden('Password of the owner (empty: one is made and stored)');
  return typed === '' ? undefined : typed;
}

function clustersOf(tags: readonly string[], home: ReadonlyMap<string, string>): string[] {
  const unknown = tags.find((tag) => !home.has(tag));
  if (unknown !== undefined) {
    const meant = closest(unknown, [...home.keys()]);
    throw new SotaError({
      code: 'unknown_tag',
      message: `This marketplace has no tag ${JSON.stringify(unknown)} yet. Nothing was sent.`,
      fix: meant
        ? `Did you mean ${meant}? To bring in a new tag, give --clusters.`
        : 'To bring in a new tag, give --clusters.',
    });
  }
  return [...new Set(tags.map((tag) => home.get(tag) ?? ''))];
}

function tooShort(): SotaError {
  return new SotaError({
    code: 'password_too_short',
    message: 'A password has at least 8 characters. Nothing was sent.',
    fix: 'Choose a longer one, or leave it out to have one made.',
  });
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}
