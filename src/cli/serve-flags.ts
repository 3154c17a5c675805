import { normalizeOrigin } from '#client/origin.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { isPlaceholder } from '#kit/placeholder.ts';
import { profiles, type ToolSelection } from '#server/profiles.ts';
import { parseFlags, UsageError } from './flags.ts';

/** The live marketplace. Skill 1.1.1. */
export const LIVE_ORIGIN = 'https://api.sota.market';

export const serveFlags = {
  local: { type: 'boolean', summary: 'Use the marketplace built into this package: offline, no account, play money' },
  'no-world': { type: 'boolean', summary: 'With --local: nobody there but you; no jobs, no rivals' },
  'api-url': { type: 'string', value: 'URL', summary: 'The marketplace to talk to', default: LIVE_ORIGIN },
  profile: {
    type: 'string',
    value: 'NAME',
    summary: `Which tools are offered: ${Object.keys(profiles).join(', ')}`,
    default: 'full',
  },
  tools: { type: 'string', value: 'A,B', summary: 'Exactly these tools' },
  'exclude-tools': { type: 'string', value: 'A,B', summary: 'All tools but these' },
  'read-only': { type: 'boolean', summary: 'No tool that changes anything, whatever else is set' },
} as const;

export interface ServeOptions {
  readonly local: boolean;
  /** Whether the local marketplace has people of its own. */
  readonly world: boolean;
  /** As given; `local` makes it irrelevant. */
  readonly apiUrl: string;
  readonly selection: ToolSelection;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The options of the server, from the command line before the environment. What a host left unreplaced, such as
 * `${SOTA_API_URL}`, counts as not set.
 * @throws UsageError
 * @example readServeOptions(['--local', '--profile', 'worker'], process.env)
 */
export function readServeOptions(argv: readonly string[], env: Environment): ServeOptions {
  const values = parseFlags(argv, serveFlags);
  if (values.local && values['api-url'] !== undefined) {
    throw new UsageError('--local and --api-url name two different marketplaces: give one of them');
  }
  if (values['api-url'] !== undefined) checkUrl(values['api-url']);
  const local = values.local ?? (values['api-url'] === undefined && isOn('SOTA_LOCAL', setting(env, 'SOTA_LOCAL')));
  if (values['no-world'] && !local) throw new UsageError('--no-world is about the marketplace of --local: give both');
  return {
    local,
    world: !values['no-world'],
    apiUrl: values['api-url'] ?? setting(env, 'SOTA_API_URL') ?? LIVE_ORIGIN,
    selection: {
      profile: values.profile ?? setting(env, 'SOTA_PROFILE'),
      tools: list('tools', values.tools),
      excludeTools: list('exclude-tools', values['exclude-tools']),
      readOnly: values['read-only'] ?? false,
    },
  };
}

function checkUrl(text: string): void {
  try {
    normalizeOrigin(text);
  } catch (error) {
    throw new UsageError(error instanceof SotaError ? `--api-url: ${error.message}` : String(error));
  }
}

function setting(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value && !isPlaceholder(value) ? value : undefined;
}

function isOn(name: string, value: string | undefined): boolean {
  if (value === undefined || /^(0|false|no|off)$/i.test(value)) return false;
  if (/^(1|true|yes|on)$/i.test(value)) return true;
  throw new UsageError(`${name} takes 1 or 0, not '${value}'`);
}

function list(flag: string, text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  if (names.length === 0) throw new UsageError(`--${flag} takes names of tools, separated by commas`);
  return names;
}
