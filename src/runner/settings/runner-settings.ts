/**
 * The settings of the runner: one table, read from the environment before the `.env` file. A setting that is unknown or
 * malformed stops the start and is named with its line: a worker that runs for months must not run for months on a
 * default because of a typo.
 */

import { closest } from '#kit/closest.ts';
import { isPlaceholder } from '#kit/placeholder.ts';
import { type DotenvEntry, readDotenv } from './read-dotenv.ts';

export interface RunnerSettings {
  readonly apiUrl: string;
  readonly webhookSecrets: readonly string[];
  readonly pollIntervalMs: number;
  readonly heartbeatIntervalMs: number;
  readonly logFormat: 'text' | 'json';
  readonly logLevel: string | undefined;
  /** What the session reads SOTA_API_KEY and SOTA_HOME from. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** All of the `.env` file, for handlers in processes of their own; the secrets of the marketplace are not in it. */
  readonly handlerEnv: Readonly<Record<string, string>>;
}

/** The settings cannot be used; one line per problem. The command exits with 78. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

interface Setting {
  readonly summary: string;
  /** Undefined where the text is fine, else what it should be. */
  check?(text: string): string | undefined;
}

const seconds =
  (min: number, max: number) =>
  (text: string): string | undefined => {
    const value = /^\d{1,6}(?:\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? undefined : `a number of seconds from ${min} to ${max}`;
  };

const word =
  (...words: string[]) =>
  (text: string): string | undefined =>
    words.includes(text.toLowerCase()) ? undefined : `one of ${words.join(', ')}`;

/** Every setting whose name starts with SOTA_. Skill 1.1.1 and the page of sota-runner 0.1.1 name the first six. */
export const settings = {
  SOTA_API_KEY: { summary: 'Key of the agent' },
  SOTA_API_URL: { summary: 'The marketplace; https://api.sota.market unless set', check: checkUrl },
  SOTA_WEBHOOK_SECRET: { summary: 'Needed with --webhook-port; several, separated by commas, during a rotation' },
  SOTA_POLL_INTERVAL_SECONDS: {
    summary: 'Between two looks at the marketplace; 3 unless set',
    check: seconds(0.05, 3600),
  },
  SOTA_HEARTBEAT_INTERVAL_SECONDS: {
    summary: 'Between two heartbeats; 30 unless set, and the marketplace allows 90',
    check: seconds(0.05, 80),
  },
  SOTA_LOG_FORMAT: { summary: 'text or json', check: word('text', 'json') },
  SOTA_LOG_LEVEL: {
    summary: 'debug, info, warn, error or silent',
    check: word('debug', 'info', 'warn', 'error', 'silent'),
  },
  SOTA_HOME: { summary: 'Where credentials are kept, instead of ~/.sota' },
} as const satisfies Record<string, Setting>;

/** Settings of other parts of this package: no mistakes, and not the runner's. */
const OTHERS: ReadonlySet<string> = new Set(['SOTA_LOCAL', 'SOTA_PROFILE', 'SOTA_CONFIRM', 'SOTA_PAYOUT_WALLET']);
/** Never handed to a handler, whatever the file says. */
export const SECRET_SETTINGS: ReadonlySet<string> = new Set(['SOTA_API_KEY', 'SOTA_WEBHOOK_SECRET', 'SOTA_HOME']);

export const DEFAULT_API_URL = 'https://api.sota.market';

export interface SettingsFile {
  /** Shown in problems. */
  readonly path: string;
  readonly text: string;
}

/**
 * @throws SettingsError
 * @example readSettings(process.env, { path: '.env', text: readFileSync('.env', 'utf8') }).pollIntervalMs // 3000
 */
export function readSettings(
  env: Readonly<Record<string, string | undefined>>,
  file?: SettingsFile | undefined,
): RunnerSettings {
  const { entries, problems: misread } = file ? readDotenv(file.text) : { entries: [], problems: [] };
  const at = (line: number) => `${file?.path}:${line}`;
  const problems = misread.map(({ line, message }) => `${at(line)}: ${message}`);
  problems.push(...entries.filter(isOurs).flatMap((entry) => problemsOf(entry.name, entry.value, at(entry.line))));
  for (const [name, value] of Object.entries(env)) {
    // In the environment other programs may use the prefix too: only what we know is checked there.
    if (Object.hasOwn(settings, name) && value !== undefined) problems.push(...problemsOf(name, value, 'environment'));
  }
  if (problems.length > 0) throw new SettingsError(problems.join('\n'));

  const fromFile = Object.fromEntries(entries.map(({ name, value }) => [name, value]));
  const merged: Record<string, string | undefined> = { ...fromFile };
  for (const [name, value] of Object.entries(env)) if (isSet(value)) merged[name] = value;
  const text = (name: keyof typeof settings) => {
    const value = merged[name]?.trim();
    return isSet(value) ? value : undefined;
  };
  const ms = (name: keyof typeof settings, fallback: number) => Math.round(Number(text(name) ?? fallback) * 1000);
  return {
    apiUrl: text('SOTA_API_URL') ?? DEFAULT_API_URL,
    webhookSecrets: (text('SOTA_WEBHOOK_SECRET') ?? '')
      .split(',')
      .map((secret) => secret.trim())
      .filter(Boolean),
    pollIntervalMs: ms('SOTA_POLL_INTERVAL_SECONDS', 3),
    heartbeatIntervalMs: ms('SOTA_HEARTBEAT_INTERVAL_SECONDS', 30),
    logFormat: text('SOTA_LOG_FORMAT')?.toLowerCase() === 'json' ? 'json' : 'text',
    logLevel: text('SOTA_LOG_LEVEL')?.toLowerCase(),
    env: merged,
    handlerEnv: Object.fromEntries(Object.entries(fromFile).filter(([name]) => !SECRET_SETTINGS.has(name))),
  };
}

function problemsOf(name: string, value: string, where: string): string[] {
  if (!Object.hasOwn(settings, name)) {
    const meant = closest(name, Object.keys(settings));
    return [`${where}: there is no setting ${name}${meant ? `; did you mean ${meant}?` : ''}`];
  }
  if (!isSet(value)) return [];
  const wanted = (settings as Record<string, Setting>)[name]?.check?.(value.trim());
  return wanted === undefined ? [] : [`${where}: ${name} takes ${wanted}`];
}

const isOurs = ({ name }: DotenvEntry): boolean => name.startsWith('SOTA_') && !OTHERS.has(name);

/** An empty line of the example file, or what a host did not replace, counts as not set. */
function isSet(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== '' && !isPlaceholder(value.trim());
}

function checkUrl(text: string): string | undefined {
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  return protocol === 'http:' || protocol === 'https:' ? undefined : 'an http(s) URL';
}
