import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AgentError } from './agent-error.ts';
import type { HandlerHost } from './handler-host.ts';
import { HandlerFileError, type Handlers, readHandlers } from './read-handlers.ts';

export interface ReloadableHost extends HandlerHost {
  /** Takes the file as it is now; what runs goes on with the old code. @throws HandlerFileError, and keeps the old */
  reload(): Promise<void>;
}

/**
 * Handlers in this process: no copying, no start-up, and no protection from a handler that computes for a minute
 * without a pause or ends the process.
 * @throws HandlerFileError
 */
export async function openInProcessHost(file: string): Promise<ReloadableHost> {
  const title = basename(file);
  let current = await load(file, title);
  return {
    ...hostOf(() => current, title),
    async reload() {
      current = await load(file, title);
    },
  };
}

/** The same for handlers that are here already, as those of an SDK agent. */
export function hostOf(handlers: () => Handlers, title: string): HandlerHost {
  return {
    title,
    declared: handlers,
    async run(job, context) {
      const handler = handlers().find(job);
      if (!handler) throw new AgentError('resource_unavailable', `${title} has no handler for ${job.capability}`);
      return await handler(job, context);
    },
    bid: async (job) => handlers().bid?.(job),
    close: async () => undefined,
  };
}

/** Imports a handler file as it is on disk now. @throws HandlerFileError */
export async function load(file: string, title: string): Promise<Handlers> {
  const path = resolve(file);
  const entry = await stat(path).catch(() => undefined);
  if (!entry?.isFile()) throw new HandlerFileError(`There is no handler file ${path}; sota-runner init makes one`);
  // A module is imported once per address: the time of its last change makes another address of another version.
  const url = `${pathToFileURL(path).href}?changed=${entry.mtimeMs}`;
  let exports: Record<string, unknown>;
  try {
    exports = (await import(url)) as Record<string, unknown>;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HandlerFileError(`${title} cannot be loaded: ${reason}`, { cause: error });
  }
  return readHandlers(exports, title);
}
