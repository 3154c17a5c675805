import { spawn } from 'node:child_process';
import type { Logger } from '#kit/log.ts';
import type { Redactor } from '#kit/redact.ts';
import type { PolicySettings } from './settings.ts';

/** What the owner is told. Nothing in it grants anything, and no secret is in it. */
export interface ApprovalNotice {
  readonly event: 'approval_requested';
  readonly request_id: string;
  readonly what: string;
  readonly why: string;
  readonly operation: string;
  readonly origin: string;
  readonly agent_id: string;
  readonly expires_at: string;
  readonly approve_with: string;
}

const LIMIT_MS = 5_000;
/** What a command gets of our environment: enough to find programs and the screen, no keys. */
const PASSED_ON = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
  'SystemRoot',
  'TEMP',
];

/**
 * Tells the owner of a pending approval, by a POST of JSON to SOTA_NOTIFY_URL or by SOTA_NOTIFY_COMMAND, which gets the
 * same JSON on its standard input. Nobody waits for it, and that it fails changes nothing: `approvals list` still shows
 * the question.
 */
export function notifyOwner(
  notice: ApprovalNotice,
  { notifyUrl, notifyCommand }: Pick<PolicySettings, 'notifyUrl' | 'notifyCommand'>,
  { log, redactor, env = process.env }: { log: Logger; redactor: Redactor; env?: NodeJS.ProcessEnv },
): void {
  const json = redactor.redact(JSON.stringify(notice));
  const failed = (problem: string) => log.warn('the owner could not be told of an approval', { problem });
  if (notifyUrl !== undefined) {
    fetch(notifyUrl, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: json,
      redirect: 'error',
      signal: AbortSignal.timeout(LIMIT_MS),
    }).then(
      async (answer) => {
        await answer.body?.cancel();
        if (!answer.ok) failed(`SOTA_NOTIFY_URL answered ${answer.status}`);
      },
      (error: unknown) => failed(`SOTA_NOTIFY_URL: ${error instanceof Error ? error.name : String(error)}`),
    );
  }
  if (notifyCommand !== undefined) run(notifyCommand, json, env, failed);
}

function run(command: string, input: string, env: NodeJS.ProcessEnv, failed: (problem: string) => void): void {
  const passed = Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
  // Our stdout belongs to the protocol and stderr to the log: the command has neither.
  const child = spawn(command, { shell: true, env: passed, stdio: ['pipe', 'ignore', 'ignore'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  timer.unref();
  child.unref();
  child.on('error', (error) => failed(`SOTA_NOTIFY_COMMAND: ${error.message}`));
  child.on('exit', (code) => {
    clearTimeout(timer);
    if (code !== 0) failed(`SOTA_NOTIFY_COMMAND ended with ${code ?? 'a signal'}`);
  });
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(`${input}\n`);
}
