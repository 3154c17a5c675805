import { SotaError } from '#contract/errors/sota-error.ts';
import { BidPolicyError } from '#runner/bid-policy.ts';
import { HandlerFileError } from '#runner/handlers/read-handlers.ts';
import { PortError } from '#runner/http-server.ts';
import type { Runner, RunnerEnd } from '#runner/runner-types.ts';
import { SettingsError } from '#runner/settings/runner-settings.ts';
import { RunnerBusyError } from '#runner/state/state-folder.ts';
import { exitCodes } from './exit-codes.ts';
import { forPeople } from './for-people.ts';

/**
 * Holds the process until a signal, an end of the runner's own or `until`, then drains; a second signal ends at once.
 * @returns the exit code
 */
export async function supervise(runner: Runner, until?: Promise<unknown>): Promise<number> {
  const hold = setInterval(() => {}, 2 ** 30);
  let asked = () => {};
  const signalled = new Promise<void>((resolve) => {
    asked = resolve;
  });
  let signals = 0;
  const onSignal = () => {
    signals += 1;
    if (signals > 1) process.exit(exitCodes.forced.code);
    asked();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  const own = await Promise.race([runner.failed, signalled, ...(until ? [until.then(() => undefined)] : [])]);
  const drained = await runner.drain();
  clearInterval(hold);
  return codeOf(own ?? drained);
}

function codeOf(end: RunnerEnd): number {
  switch (end.kind) {
    case 'drained':
      return exitCodes.clean.code;
    case 'left_over':
      console.error(`sota-runner: ${end.count} left for the next start`);
      return exitCodes.leftOver.code;
    default:
      console.error(`sota-runner: ${forPeople(end.error)}`);
      return exitCodes.unauthorized.code;
  }
}

/** Says what kept a command from its work, and gives the code for it; throws what nobody foresaw. */
export function explainFailure(command: string, error: unknown): number {
  const name = `sota-runner ${command}`;
  if (
    error instanceof SettingsError ||
    error instanceof HandlerFileError ||
    error instanceof BidPolicyError ||
    error instanceof PortError
  ) {
    console.error(`${name}: ${error.message}`);
    return exitCodes.config.code;
  }
  if (error instanceof RunnerBusyError) {
    console.error(`${name}: ${error.message}`);
    return exitCodes.leftOver.code;
  }
  if (error instanceof SotaError) {
    console.error(`${name}: ${forPeople(error)}`);
    if (error.httpStatus === 401) return exitCodes.unauthorized.code;
    return error.retryable ? exitCodes.leftOver.code : exitCodes.config.code;
  }
  throw error;
}
