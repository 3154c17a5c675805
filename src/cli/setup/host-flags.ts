import { homedir } from 'node:os';
import { parseApiKey } from '#client/api-key.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { closest } from '#kit/closest.ts';
import { selectTools } from '#server/profiles.ts';
import { tools } from '#tools/registry.ts';
import { oneOf, UsageError } from '../flags.ts';
import { type Host, hostById, hosts, KEY_VARIABLE, type Scope, type Surroundings } from '../hosts/host-table.ts';
import { entryFor, type InputEntry, inputFor, type ServerEntry, type Wanted } from '../hosts/server-entry.ts';
import { readServeOptions, serveFlags } from '../serve-flags.ts';
import { launchOf } from './launch.ts';

/** The flags of every command that is about one host's file. */
export const fileFlags = {
  scope: { type: 'string', value: 'WHERE', summary: 'user or project; the default depends on the host' },
  name: { type: 'string', value: 'NAME', summary: 'What the server is called in the file', default: 'sota' },
  json: { type: 'boolean', summary: 'Print one line of JSON' },
  help: { type: 'boolean', summary: 'Show this text' },
} as const;

/** The flags that decide what is written: the options of the server, and where its key comes from. */
export const entryFlags = {
  ...serveFlags,
  'key-from-env': {
    type: 'boolean',
    summary: `Let the host hand over ${KEY_VARIABLE}; without it the server uses the key that register stored`,
  },
} as const;

export interface EntryValues {
  readonly local?: boolean | undefined;
  readonly 'api-url'?: string | undefined;
  readonly profile?: string | undefined;
  readonly tools?: string | undefined;
  readonly 'exclude-tools'?: string | undefined;
  readonly 'read-only'?: boolean | undefined;
  readonly 'key-from-env'?: boolean | undefined;
}

/** @throws UsageError */
export function hostOf(words: readonly string[], command: string): Host {
  const [id] = words;
  const known = hosts.map((host) => host.id);
  if (id === undefined) throw new UsageError(`${command} takes a host: ${known.join(', ')}`);
  const host = hostById(id);
  if (host) return host;
  const meant = closest(id, known);
  throw new UsageError(
    `There is no host ${JSON.stringify(id.slice(0, 40))}${meant ? `; did you mean ${meant}?` : `; known are: ${known.join(', ')}`}`,
  );
}

/** @throws UsageError */
export function scopeOf(host: Host, text: string | undefined): Scope {
  if (text === undefined) return host.scopes[0] ?? 'user';
  return oneOf('--scope', text, host.scopes);
}

/** @throws UsageError */
export function nameOf(text: string = fileFlags.name.default): string {
  if (/^[A-Za-z][\w-]{0,30}$/.test(text)) return text;
  throw new UsageError('--name takes letters, digits, - and _, at most 31, beginning with a letter');
}

export function surroundings(): Surroundings {
  return { platform: process.platform, home: homedir(), cwd: process.cwd(), env: process.env };
}

/**
 * The entry to write, after the options in it were checked as the server would: a host shows a server that refuses to
 * start as an obscure failure.
 * @throws UsageError
 */
export function wantedEntry(
  host: Host,
  values: EntryValues,
  where: Surroundings,
): { readonly entry: ServerEntry; readonly input: InputEntry | undefined; readonly hints: readonly string[] } {
  const options = optionsOf(values);
  checkOptions(options);
  const keyFromEnvironment = values['key-from-env'] ?? false;
  if (keyFromEnvironment && values.local) throw new UsageError('--local uses no API key: leave out --key-from-env');
  if (keyFromEnvironment && host.key.kind === 'literal') {
    throw new UsageError(
      `${host.title} replaces nothing in env: run sota-mcp register, and the server finds its key by itself`,
    );
  }
  const launch = launchOf({
    script: process.argv[1] ?? '',
    node: process.execPath,
    path: where.env.PATH,
  });
  const wanted: Wanted = { launch, options, keyFromEnvironment };
  const hasKey = parseApiKey(where.env[KEY_VARIABLE]).kind === 'set';
  const hints =
    hasKey && !keyFromEnvironment && !values.local && host.key.kind !== 'literal'
      ? [`${KEY_VARIABLE} is set here. To have ${host.title} hand it over, add --key-from-env.`]
      : [];
  return { entry: entryFor(host, wanted, where), input: inputFor(host, wanted), hints };
}

function optionsOf(values: EntryValues): string[] {
  return Object.keys(serveFlags).flatMap((flag) => {
    const value = (values as Readonly<Record<string, string | boolean | undefined>>)[flag];
    if (value === undefined || value === false) return [];
    return value === true ? [`--${flag}`] : [`--${flag}`, value];
  });
}

function checkOptions(options: readonly string[]): void {
  try {
    // Against an empty environment: what is written must make sense by itself.
    selectTools(readServeOptions(options, {}).selection, tools);
  } catch (error) {
    if (error instanceof SotaError) throw new UsageError(`${error.message} ${error.fix}`);
    throw error;
  }
}
