import type { CallLog } from './call-log.ts';

/**
 * When a stdio server ends: the host closes stdin, or kills it, or dies without a word. Whatever the cause, the process
 * is gone within a second, since servers that outlive their host are this field's commonest complaint.
 *
 *   running ──stdin end/close, stdout gone, SIGTERM, SIGINT, SIGHUP, parent gone──▶ stopping ──cleanup or 1 s──▶ exit
 *
 * `stopping` is entered once. Cleanup gives mutations that are under way a moment to be answered, so that their outcome
 * is known and recorded; nothing else is waited for.
 */
export interface LifecycleParts {
  readonly stdin: NodeJS.ReadableStream;
  readonly log: CallLog;
  /** Ends everything; may take at most what is left of `EXIT_AFTER_MS`. */
  cleanUp(): Promise<void>;
  readonly exit?: (code: number) => void;
}

/** From the cause to the end of the process, whatever cleanup does. */
export const EXIT_AFTER_MS = 900;
/** Of that, what mutations under way may take. */
export const GRACE_MS = 600;
/** Windows sends no signal and some wrappers keep the pipe open: how often the parent is looked at. */
const WATCHDOG_MS = 5_000;

/** Watches for every cause of ending; returns how to end by hand. */
export function watchLifecycle(parts: LifecycleParts): { stop(cause: string, code?: number): void } {
  const { stdin, log, cleanUp, exit = (code: number) => process.exit(code) } = parts;
  const parent = process.ppid;
  let stopping = false;

  function stop(cause: string, code = 0): void {
    if (stopping) return;
    stopping = true;
    log.debug('stopping', { cause });
    // Not unref'd: this timer is the promise that the process ends.
    setTimeout(() => exit(code), EXIT_AFTER_MS);
    cleanUp()
      .catch((error: unknown) => log.warn('cleanup failed', { problem: String(error) }))
      .finally(() => exit(code));
  }

  stdin.on('end', () => stop('stdin ended'));
  stdin.on('close', () => stop('stdin closed'));
  stdin.on('error', () => stop('stdin failed'));
  process.stdout.on('error', () => stop('stdout is gone'));
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop(signal));
  setInterval(() => {
    if (process.ppid !== parent) stop('the parent process is gone');
  }, WATCHDOG_MS).unref();
  process.on('unhandledRejection', (reason) => log.error('unhandled rejection', { problem: describe(reason) }));
  process.on('uncaughtException', (error) => {
    log.error('uncaught exception', { problem: describe(error) });
    stop('uncaught exception', 1);
  });
  return { stop };
}

function describe(reason: unknown): string {
  return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
}
