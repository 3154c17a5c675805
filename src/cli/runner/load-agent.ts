import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createLogger, type Logger, loggerOptionsFrom } from '#kit/log.ts';
import type { ReloadableHost } from '#runner/handlers/in-process-host.ts';
import { openInProcessHost } from '#runner/handlers/in-process-host.ts';
import { type RunnerSettings, readSettings, SettingsError } from '#runner/settings/runner-settings.ts';

/** Where an agent is and what it is set to. */
export interface LoadedAgent {
  readonly folder: string;
  readonly settings: RunnerSettings;
  readonly log: Logger;
}

/**
 * Reads the settings of the agent in the folder of its `.env` file, which need not exist unless it was named.
 * @throws SettingsError
 */
export function loadAgent(config: string | undefined): LoadedAgent {
  const path = resolve(config ?? '.env');
  if (config !== undefined && !existsSync(path)) throw new SettingsError(`There is no settings file ${path}`);
  const file = existsSync(path) ? { path: config ?? '.env', text: readFileSync(path, 'utf8') } : undefined;
  const settings = readSettings(process.env, file);
  const shown = { SOTA_LOG_FORMAT: settings.logFormat, SOTA_LOG_LEVEL: settings.logLevel };
  return {
    folder: dirname(path),
    settings,
    log: createLogger({ ...loggerOptionsFrom(shown), name: 'sota-runner' }),
  };
}

const CANDIDATES = ['dispatch.mjs', 'dispatch.js'];

/** The handler file of a folder, the one that was named or the one that is there. */
export function findHandler(folder: string, named: string | undefined): string {
  if (named !== undefined) return resolve(named);
  return join(folder, CANDIDATES.find((file) => existsSync(join(folder, file))) ?? 'dispatch.mjs');
}

/** @throws HandlerFileError */
export async function openHandlers(folder: string, named: string | undefined): Promise<ReloadableHost> {
  return await openInProcessHost(findHandler(folder, named));
}
