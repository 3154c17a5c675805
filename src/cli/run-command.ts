import { SotaError } from '#contract/errors/sota-error.ts';
import { liveSecrets } from '#kit/redact.ts';
import { exit } from './exit-codes.ts';
import { UsageError } from './flags.ts';
import { fixForPeople } from './for-people.ts';
import { ConfigFileError } from './hosts/config-text.ts';

/** What a command has to say: facts for programs, lines for people. Only one of the two is printed. */
export interface Said {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
  /** 0 unless given. */
  readonly code?: number;
}

const KEY_CODES = new Set(['no_api_key', 'missing_api_key', 'invalid_api_key', 'api_key_revoked', 'not_logged_in']);
const WIRE_CODES = new Set(['unreachable', 'no_answer', 'offer_unknown', 'rate_limited']);

/**
 * Runs the body of a command and prints what it says, or why it failed, in the form that was asked for. A wrong command
 * line is left to the program, which has one way of saying so.
 * @returns the exit code
 * @throws UsageError
 */
export async function runCommand(json: boolean | undefined, body: () => Promise<Said>): Promise<number> {
  // Every timer below lets the process end, as a server needs it; a command waits for its answer.
  const hold = setInterval(() => {}, 2 ** 30);
  try {
    const { facts, lines, code = exit('ok') } = await body();
    console.log(json ? JSON.stringify(facts) : lines.join('\n'));
    return code;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message, fix, exitCode } = describe(error);
    if (json) console.log(JSON.stringify({ error: { code, message, ...(fix ? { fix } : {}) } }));
    else console.error(`sota-mcp: ${message}${fix ? `\n${fix}` : ''}`);
    return exitCode;
  } finally {
    clearInterval(hold);
  }
}

function describe(error: unknown): { code: string; message: string; fix?: string; exitCode: number } {
  const redact = (text: string) => liveSecrets.redact(text);
  if (error instanceof SotaError) {
    return {
      code: error.code,
      message: redact(error.message),
      fix: redact(fixForPeople(error)),
      exitCode: exitOf(error),
    };
  }
  if (error instanceof ConfigFileError) {
    return { code: 'file_untouched', message: redact(error.message), exitCode: exit('fileUntouched') };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'failed', message: redact(message), exitCode: exit('failed') };
}

function exitOf(error: SotaError): number {
  if (KEY_CODES.has(error.code)) return exit('noKey');
  if (error.outcome === 'unknown') return exit('unknown');
  if (WIRE_CODES.has(error.code) || (error.retryable && error.httpStatus === undefined)) return exit('unreachable');
  return exit('failed');
}
