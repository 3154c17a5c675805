import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createLogger, type Logger, type LogLevel, loggerOptionsFrom } from '#kit/log.ts';
import { openChildHost } from '#runner/handlers/child-host.ts';
import { openExecHost } from '#runner/handlers/exec-host.ts';
import { handlerEnv } from '#runner/handlers/handler-env.ts';
import type { HandlerHost } from '#runner/handlers/handler-host.ts';
import { openInProcessHost, type ReloadableHost } from '#runner/handlers/in-process-host.ts';
import { HandlerFileError } from '#runner/handlers/read-handlers.ts';
import { type RunnerSettings, readSettings, SECRET_SETTINGS, SettingsError } from '#runner/settings/runner-settings.ts';

/** Where an agent is and what it is set to. */
export interface LoadedAgent {
  readonly folder: string;
  readonly settings: RunnerSettings;
  readonly log: Logger;
}

/**
 * Reads the settings of the agent in the folder of its `.env` file, which need not exist unless it was named.
 * @param level of the log where the settings do not say
 * @throws SettingsError
 */
export function loadAgent(config: string | undefined, level: LogLevel = 'info'): LoadedAgent {
  const path = resolve(config ?? '.env');
  if (config !== undefined && !existsSync(path)) throw new SettingsError(`There is no settings file ${path}`);
  const file = existsSync(path) ? { path: config ?? '.env', text: readFileSync(path, 'utf8') } : undefined;
  const settings = readSettings(process.env, file);
  const shown = { SOTA_LOG_FORMAT: settings.logFormat, SOTA_LOG_LEVEL: settings.logLevel ?? level };
  return {
    folder: dirname(path),
    settings,
    log: createLogger({ ...loggerOptionsFrom(shown), name: 'sota-runner' }),
  };
}

/** Flags that say where the handler is; the same for every command that runs one. */
export const handlerFlags = {
  handler: { type: 'string', value: 'FILE', summary: 'The handler file', default: 'dispatch.mjs or dispatch.py' },
  exec: {
    type: 'string',
    value: 'COMMAND',
    summary: 'A command that reads a job on stdin and writes the result to stdout',
  },
  isolate: { type: 'boolean', summary: 'Run the handler file in processes of its own' },
} as const;

export interface HandlerChoice {
  readonly handler?: string | undefined;
  readonly exec?: string | undefined;
  readonly isolate?: boolean | undefined;
}

export interface OpenedHandlers {
  readonly host: HandlerHost;
  /** The file that makes other handlers when it changes; undefined for a command, which is started anew every time. */
  readonly watched: { readonly file: string; reload(): Promise<void> } | undefined;
}

const CANDIDATES = ['dispatch.mjs', 'dispatch.js', 'dispatch.py'];

/**
 * The handlers of an agent.
 * @throws HandlerFileError
 */
export async function openHandlers(
  { folder, settings, log }: LoadedAgent,
  choice: HandlerChoice,
): Promise<OpenedHandlers> {
  const file = resolve(
    folder,
    choice.handler ?? CANDIDATES.find((name) => existsSync(join(folder, name))) ?? 'dispatch.mjs',
  );
  const command = choice.exec ?? (file.endsWith('.py') ? `python3 ${JSON.stringify(file)}` : undefined);
  const env = handlerEnv(process.env, settings.handlerEnv);
  if (command !== undefined) {
    const declared = readAgentFile(join(folder, 'agent.json'));
    return { host: openExecHost({ command, cwd: folder, env, declared }), watched: undefined };
  }
  let host: ReloadableHost;
  if (choice.isolate)
    host = await openChildHost(file, { env, onOutput: (line) => log.info(line, { from: 'handler' }) });
  else {
    // It shares our environment: it gets what the file sets, and not what it must not read.
    for (const name of SECRET_SETTINGS) delete process.env[name];
    for (const [name, value] of Object.entries(settings.handlerEnv)) process.env[name] ??= value;
    host = await openInProcessHost(file);
  }
  return { host, watched: { file, reload: () => host.reload() } };
}

/** What a command cannot export: `agent` and `bidPolicy`, as in a handler file. */
function readAgentFile(path: string) {
  if (!existsSync(path)) return {};
  try {
    const { agent, bidPolicy } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const { tags } = (agent ?? {}) as { tags?: unknown };
    const named = Array.isArray(tags) ? { capabilities: new Set(tags.map(String)), takesAnything: false } : {};
    return { agent, bidPolicy, ...named };
  } catch (error) {
    throw new HandlerFileError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
