/**
 * Handlers in any language: a command that reads one job as JSON from stdin and writes one result as JSON to stdout.
 *
 *   stdin    {"job": {…}, "agent_id", "attempt", "last_validation", "deadline", "skeleton", "approved"}
 *   stdout   the result: any JSON, or {"error": {"code", "message", "retryable"}}; nothing else
 *   stderr   log lines; `progress 40 half of it` reports progress
 *
 * The exit status 0 means the answer counts; any other one is an error of the handler, a signal is a crash.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { AgentError } from './agent-error.ts';
import { isApproved } from './child-host.ts';
import { HandlerCrashed } from './handler-crashed.ts';
import { ApprovalNeeded, type Declared, type HandlerContext, type HandlerHost } from './handler-host.ts';
import type { JobView } from './job-view.ts';
import { signalProcess, stopProcess } from './stop-process.ts';

export interface ExecHostOptions {
  /** Run by the shell, as in a package script. */
  readonly command: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What a handler file would declare. */
  readonly declared?: Partial<Declared>;
}

const MAX_OUTPUT = 16 * 1024 * 1024;
const MAX_TAIL = 2_000;
const STOP_GRACE_MS = 5_000;
const PROGRESS = /^progress (\d{1,3}(?:\.\d+)?)(?:\s+(.*))?$/;

export function openExecHost(options: ExecHostOptions): HandlerHost {
  const declared: Declared = {
    capabilities: undefined,
    takesAnything: true,
    bidPolicy: undefined,
    agent: undefined,
    ...options.declared,
  };
  const live = new Set<ChildProcess>();
  // Commands lead groups of their own, so an end that waits for nobody would leave them running.
  const onExit = () => {
    for (const child of live) signalProcess(child, 'SIGKILL', 'group');
  };
  process.on('exit', onExit);
  return {
    title: options.command,
    declared: () => declared,
    run: (job, context) => runOnce(options, live, job, context),
    bid: async () => undefined,
    close: async () => {
      process.off('exit', onExit);
      await Promise.all([...live].map((child) => stopProcess(child, 'group')));
    },
  };
}

async function runOnce(
  { command, cwd, env }: ExecHostOptions,
  live: Set<ChildProcess>,
  job: JobView,
  context: HandlerContext,
): Promise<unknown> {
  const child = spawn(command, {
    shell: true,
    cwd,
    env: { ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own, so that the shell and all it started can be ended together.
    detached: process.platform !== 'win32',
  });
  live.add(child);
  child.once('exit', () => live.delete(child));
  child.once('error', () => live.delete(child));
  const chunks: Buffer[] = [];
  let size = 0;
  let tail = '';
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    signalProcess(child, 'SIGTERM', 'group');
    timer = setTimeout(() => void stopProcess(child, 'group'), STOP_GRACE_MS);
  };
  if (context.signal.aborted) onAbort();
  else context.signal.addEventListener('abort', onAbort, { once: true });
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_OUTPUT) chunks.push(chunk);
  });
  readLines(child.stderr, (line) => {
    const progress = PROGRESS.exec(line);
    if (progress) return context.progress(Number(progress[1]), progress[2]);
    tail = `${tail}${line}\n`.slice(-MAX_TAIL);
    context.log(line);
  });
  // A command that does not read its stdin is no error.
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(inputFor(job, context)));
  try {
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', (error) => reject(new AgentError('resource_unavailable', `${command}: ${error.message}`)));
      child.once('close', (...how) => resolve(how));
    });
    if (context.signal.aborted) throw new AgentError('timeout', 'The command was told to stop');
    if (signal !== null || (code !== null && code > 128)) {
      throw new HandlerCrashed(`${command} was ended by ${signal ?? `signal ${(code ?? 128) - 128}`}. ${tail}`.trim());
    }
    if (code !== 0) throw new AgentError('internal_error', `${command} ended with status ${code}. ${tail}`.trim());
    if (size > MAX_OUTPUT) throw new AgentError('internal_error', `${command} wrote more than ${MAX_OUTPUT} bytes`);
    return readAnswer(Buffer.concat(chunks).toString('utf8'), command);
  } finally {
    clearTimeout(timer);
    context.signal.removeEventListener('abort', onAbort);
  }
}

function inputFor(job: JobView, context: HandlerContext): Record<string, unknown> {
  return {
    job,
    agent_id: context.agentId,
    attempt: context.attempt,
    last_validation: context.lastValidation ?? null,
    deadline: context.deadline,
    skeleton: skeletonOf(context),
    approved: isApproved(context),
  };
}

/** Null where there is none: a command that does not need it must not fail for it. */
function skeletonOf(context: HandlerContext): unknown {
  try {
    return context.skeleton();
  } catch {
    return null;
  }
}

function readAnswer(text: string, command: string): unknown {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (error) {
    const shown = JSON.stringify(text.slice(0, 120));
    throw new AgentError('internal_error', `${command} wrote ${shown} to stdout, which is not one JSON value`, {
      cause: error,
    });
  }
  const { error } = (answer ?? {}) as { error?: Record<string, unknown> };
  const only = typeof answer === 'object' && answer !== null && Object.keys(answer).length === 1;
  if (!only || typeof error !== 'object' || error === null || typeof error.code !== 'string') return answer;
  const message = typeof error.message === 'string' ? error.message : 'No message was given';
  if (error.code === 'approval_needed') throw new ApprovalNeeded(message);
  const { retryable } = error;
  throw new AgentError(error.code, message, typeof retryable === 'boolean' ? { retryable } : {});
}

function readLines(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(-MAX_TAIL);
    for (const line of lines) if (line.trim()) take(line.trimEnd());
  });
  stream.on('end', () => {
    if (rest.trim()) take(rest.trimEnd());
  });
}
