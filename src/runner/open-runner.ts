import { join } from 'node:path';
import { createNonceIntents } from '#client/intents.ts';
import { normalizeOrigin } from '#client/origin.ts';
import { createSession } from '#client/session.ts';
import type { Session } from '#client/types.ts';
import { systemClock } from '#kit/clock.ts';
import { sha256Hex } from '#kit/hash.ts';
import { createKillableValidator } from '#kit/json-schema/killable-validator.ts';
import type { Logger } from '#kit/log.ts';
import { stateDirectory } from '#kit/state-dir.ts';
import { version } from '#kit/version.ts';
import type { DocsLibrary } from '#tools/context.ts';
import { createHandlerTools } from './handler-tools.ts';
import type { HandlerHost } from './handlers/handler-host.ts';
import { createRunner } from './runner.ts';
import type { Runner, RunnerOptions } from './runner-types.ts';
import type { RunnerSettings } from './settings/runner-settings.ts';
import { claimRunner, openStateFolder } from './state/state-folder.ts';

export interface OpenOptions
  extends Pick<RunnerOptions, 'concurrency' | 'graceMs' | 'requestReview' | 'onDrain' | 'clock' | 'rng'> {
  /** Where the agent lives: its state is kept here. */
  readonly folder: string;
  readonly settings: RunnerSettings;
  readonly handlers: HandlerHost;
  readonly log: Logger;
  readonly docs?: DocsLibrary;
  /** The name under which credentials of the marketplace are kept, where its address is another every time. */
  readonly originId?: string;
}

export interface OpenRunner {
  readonly runner: Runner;
  readonly session: Session;
  readonly statePath: string;
  /** After the drain: ends what is left and lets the next runner in. */
  close(): Promise<void>;
}

/** The session of a runner: its outbox is the memory of what was sent, so the client keeps none of its own. */
export function openSession(
  settings: RunnerSettings,
  { log, clock = systemClock, originId }: Pick<OpenOptions, 'log' | 'clock' | 'originId'>,
): Session {
  const origin = normalizeOrigin(settings.apiUrl);
  return createSession({
    originProvider: async () => origin,
    originId: originId ?? origin,
    local: false,
    env: settings.env,
    stateDir: stateDirectory(settings.env),
    intents: createNonceIntents(),
    version,
    log,
    clock,
  });
}

/**
 * Opens everything a runner needs, in the order in which another runner must be noticed: the folder, then the agent.
 * @throws RunnerBusyError, SotaError, BidPolicyError
 */
export async function openRunner(options: OpenOptions): Promise<OpenRunner> {
  const { folder, settings, handlers, log, clock = systemClock } = options;
  const state = await openStateFolder(folder, clock, log);
  const session = openSession(settings, options);
  const validator = createKillableValidator();
  let releaseAgent: (() => Promise<void>) | undefined;
  const close = async () => {
    await session.close();
    await validator.close();
    await releaseAgent?.();
    await state.release();
  };
  try {
    const { agentId } = await session.identify();
    const origin = await session.origin();
    const name = sha256Hex(`${origin}\n${agentId}`).slice(0, 16);
    const locks = join(stateDirectory(settings.env), 'runners', name);
    releaseAgent = await claimRunner(locks, `the agent ${agentId}`);
    const runner = await createRunner({
      ...options,
      session,
      handlers,
      state,
      pollIntervalMs: settings.pollIntervalMs,
      heartbeatIntervalMs: settings.heartbeatIntervalMs,
      tools: createHandlerTools({ session, validator, clock, docs: options.docs }),
    });
    return { runner, session, statePath: state.path, close };
  } catch (error) {
    await close();
    throw error;
  }
}
