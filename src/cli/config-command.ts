import { parseApiKey } from '#client/api-key.ts';
import { createConfigStore } from '#client/config-store.ts';
import { keyPrefix } from '#client/key-ring.ts';
import { normalizeOrigin } from '#client/origin.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { closest } from '#kit/closest.ts';
import { stateDirectory } from '#kit/state-dir.ts';
import { profiles } from '#server/profiles.ts';
import { withAccount } from './account/open-account.ts';
import { describeFlags, oneOf, parseCommandLine, UsageError } from './flags.ts';
import { runCommand, type Said } from './run-command.ts';
import { LIVE_ORIGIN } from './serve-flags.ts';
import { type SettingName, settings } from './settings.ts';
import { askHidden, canAsk, readStdin } from './terminal/ask.ts';

const flags = {
  json: { type: 'boolean', summary: 'Print one line of JSON' },
  help: { type: 'boolean', summary: 'Show this text' },
} as const;

const API_KEY = 'api-key';
const names = [...Object.keys(settings), API_KEY];
const width = Math.max(...names.map((name) => name.length));
const rows = [
  ...Object.entries(settings).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`),
  `  ${API_KEY.padEnd(width)}  A key you got elsewhere; read from a hidden prompt or stdin, never from the command line`,
];

const help = `Usage: sota-mcp config list
       sota-mcp config get <name>
       sota-mcp config set <name> <value>
       sota-mcp config unset <name>

Settings in a file only you can read. A variable of the environment always wins over it, a flag over both.

Names:
${rows.join('\n')}

${describeFlags(flags)}

Examples:
  sota-mcp config set profile worker
  sota-mcp config set api-key < key.txt
  sota-mcp config list --json`;

export const command = {
  name: 'config',
  summary: 'Read and change settings kept in a file',
  async run(argv: readonly string[]): Promise<number> {
    const { values, words } = parseCommandLine(argv, flags, 3);
    if (values.help) {
      console.log(help);
      return 0;
    }
    const [action = 'list', name, value] = words;
    if (action === 'list' && name === undefined) return await runCommand(values.json, list);
    if (action === 'get' && value === undefined) {
      const known = nameOf(name);
      return await runCommand(values.json, async () => get(known));
    }
    if (action === 'set') {
      const known = nameOf(name);
      if (known === API_KEY) {
        if (value !== undefined) throw new UsageError('A key on the command line is seen by others: give it on stdin');
        return await runCommand(values.json, setKey);
      }
      if (value === undefined) throw new UsageError(`config set ${known} takes a value`);
      const checked = check(known, value);
      return await runCommand(values.json, () => change(known, checked));
    }
    if (action === 'unset' && value === undefined) {
      const known = nameOf(name);
      return await runCommand(values.json, () => (known === API_KEY ? unsetKey() : change(known, undefined)));
    }
    throw new UsageError('config takes list, get <name>, set <name> <value> or unset <name>');
  },
};

type Name = SettingName | typeof API_KEY;

function nameOf(text: string | undefined): Name {
  if (text === undefined) throw new UsageError(`config needs a name: ${names.join(', ')}`);
  if (names.includes(text)) return text as Name;
  const meant = closest(text, names);
  throw new UsageError(
    `There is no setting ${JSON.stringify(text.slice(0, 40))}${meant ? `; did you mean ${meant}?` : `; known are: ${names.join(', ')}`}`,
  );
}

const store = () => createConfigStore(stateDirectory(process.env));

function check(name: SettingName, value: string): string {
  switch (name) {
    case 'api-url':
      try {
        return normalizeOrigin(value);
      } catch (error) {
        throw new UsageError(error instanceof SotaError ? error.message : String(error));
      }
    case 'profile':
      return oneOf(name, value, Object.keys(profiles));
    case 'local':
      return oneOf(name, value, ['0', '1']);
    case 'log-level':
      return oneOf(name, value, ['debug', 'info', 'warn', 'error', 'silent']);
  }
}

async function change(name: SettingName, value: string | undefined): Promise<Said> {
  const config = store();
  await config.set(settings[name].name, value);
  const variable = settings[name].name.toUpperCase();
  const wins = process.env[variable]?.trim() ? [`${variable} is set here and wins over it.`] : [];
  return {
    facts: { name, value: value ?? null, file: config.path },
    lines: [value === undefined ? `${name} is no longer set.` : `${name} = ${value}`, ...wins],
  };
}

/** What counts now, and who says so. */
function current(name: SettingName): { value: string | null; source: 'environment' | 'file' | 'default' } {
  const variable = settings[name].name.toUpperCase();
  const fromEnv = process.env[variable]?.trim();
  if (fromEnv) return { value: fromEnv, source: 'environment' };
  const fromFile = store().read()[settings[name].name];
  if (fromFile !== undefined) return { value: fromFile, source: 'file' };
  const defaults: Readonly<Record<SettingName, string | null>> = {
    'api-url': LIVE_ORIGIN,
    profile: 'full',
    local: '0',
    'log-level': 'warn',
  };
  return { value: defaults[name], source: 'default' };
}

async function list(): Promise<Said> {
  const config = store();
  const known = Object.keys(settings) as SettingName[];
  const table = Object.fromEntries(known.map((name) => [name, current(name)]));
  const ours = new Set<string>(Object.values(settings).map((setting) => setting.name));
  const others = Object.keys(config.read()).filter((name) => !ours.has(name));
  const key = await keyInUse();
  return {
    facts: { file: config.path, settings: table, api_key: key, others },
    lines: [
      ...known.map((name) => row(name, table[name]?.value ?? '', table[name]?.source ?? '')),
      row(API_KEY, key.key_prefix ?? 'not set', key.source ?? 'default'),
      ...(others.length > 0 ? [`Also in ${config.path}: ${others.join(', ')}`] : []),
    ],
  };
}

function row(name: string, value: string, source: string): string {
  return `${name.padEnd(width)}  ${value}  (${source})`;
}

/** Of the key only its beginning, and where it comes from. */
async function keyInUse(): Promise<{ key_prefix: string | null; source: string | null }> {
  const none = { key_prefix: null, source: null };
  try {
    return await withAccount({}, async ({ session }) => {
      const known = session.known();
      return known ? { key_prefix: known.keyPrefix, source: known.keySource } : none;
    });
  } catch (error) {
    // A wrong address has no key, and is itself what a person is looking for here.
    if (error instanceof SotaError) return none;
    throw error;
  }
}

async function get(name: Name): Promise<Said> {
  if (name !== API_KEY) {
    const found = current(name);
    return { facts: { name, ...found }, lines: [found.value ?? ''] };
  }
  const key = await keyInUse();
  return { facts: { name, ...key }, lines: [key.key_prefix ?? 'not set'] };
}

async function setKey(): Promise<Said> {
  const text = canAsk() ? await askHidden('API key') : await readStdin();
  const parsed = parseApiKey(text);
  if (parsed.kind !== 'set') {
    throw new SotaError({
      code: 'no_api_key',
      message: `That is no API key (${parsed.kind}). Nothing was stored.`,
      fix: 'Give the key alone, as the marketplace showed it.',
    });
  }
  return await withAccount({}, async ({ credentials, originId }) => {
    await credentials.update(originId, (agent) =>
      // Who the key belongs to is found out with the first call.
      agent?.api_key === parsed.key ? agent : { api_key: parsed.key },
    );
    return {
      facts: { name: API_KEY, key_prefix: keyPrefix(parsed.key), file: credentials.path },
      lines: [`Key ${keyPrefix(parsed.key)} stored for ${originId} in ${credentials.path}.`],
    };
  });
}

async function unsetKey(): Promise<Said> {
  return await withAccount({}, async ({ credentials, originId }) => {
    await credentials.update(originId, (agent) => {
      if (!agent) return undefined;
      const { api_key: _gone, ...rest } = agent;
      return rest;
    });
    return { facts: { name: API_KEY, value: null }, lines: ['The stored key was removed; the rest is kept.'] };
  });
}
