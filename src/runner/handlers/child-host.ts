/**
 * Handlers in processes of their own: a handler that computes for a minute without a pause does not keep the runner
 * from its heartbeat, one that dies takes nothing along, and one that does not stop is killed. A process does one job at
 * a time and is kept for the next. New code means new processes; those at work finish on the old.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FromChild, PlainDeclared, ToChild } from './child-protocol.ts';
import { HandlerCrashed } from './handler-crashed.ts';
import { ApprovalNeeded, type BidOffer, type Declared, type HandlerContext } from './handler-host.ts';
import type { ReloadableHost } from './in-process-host.ts';
import type { JobView } from './job-view.ts';
import { HandlerFileError } from './read-handlers.ts';
import { stopProcess } from './stop-process.ts';

export interface ChildHostOptions {
  readonly env: Readonly<Record<string, string>>;
  /** What is written to stdout and stderr by handlers ends here, line by line. */
  readonly onOutput?: (line: string) => void;
}

interface Worker {
  readonly process: ChildProcess;
  readonly generation: number;
  readonly declared: PlainDeclared;
  readonly hasBid: boolean;
}

/** A handler that was told to stop has this long before its process is ended. */
const STOP_GRACE_MS = 5_000;

/** @throws HandlerFileError */
export async function openChildHost(file: string, options: ChildHostOptions): Promise<ReloadableHost> {
  const title = basename(file);
  const idle: Worker[] = [];
  const all = new Set<ChildProcess>();
  let generation = 0;
  let current = await start();
  idle.push(current);

  function start(): Promise<Worker> {
    const { path, execArgv } = childProgram();
    const child = fork(path, [resolve(file), String(process.pid)], {
      execArgv,
      env: { ...options.env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const own = generation;
    all.add(child);
    child.once('exit', () => all.delete(child));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.split('\n')) if (line.trim()) options.onOutput?.(line);
      });
    }
    return new Promise((resolveReady, reject) => {
      const onExit = () => reject(new HandlerFileError(`${title} ended while it was loaded`));
      child.once('exit', onExit);
      child.once('error', (error) => reject(new HandlerFileError(`${title} did not start: ${error.message}`)));
      child.once('message', (message: FromChild) => {
        child.off('exit', onExit);
        if (message.type === 'ready') {
          resolveReady({ process: child, generation: own, declared: message.declared, hasBid: message.hasBid });
        } else {
          void stopProcess(child);
          reject(new HandlerFileError(message.type === 'unusable' ? message.message : `${title} is no handler`));
        }
      });
    });
  }

  async function take(): Promise<Worker> {
    for (let worker = idle.pop(); worker; worker = idle.pop()) {
      if (worker.generation === generation && worker.process.connected) return worker;
      void stopProcess(worker.process);
    }
    return await start();
  }

  function giveBack(worker: Worker): void {
    if (worker.generation === generation && worker.process.connected) idle.push(worker);
    else void stopProcess(worker.process);
  }

  /** One question to a process and its answer; the process is used up where there is none. */
  async function ask(worker: Worker, question: ToChild, context?: HandlerContext): Promise<FromChild> {
    const { process: child } = worker;
    let timer: NodeJS.Timeout | undefined;
    const onAbort = () => {
      tell(child, { type: 'abort', reason: String((context?.signal.reason as Error | undefined)?.message ?? 'stop') });
      timer = setTimeout(() => void stopProcess(child), STOP_GRACE_MS);
    };
    try {
      return await new Promise<FromChild>((resolveAnswer, reject) => {
        child.once('exit', onExit);
        child.on('message', onMessage);
        function onExit(code: number | null, signal: NodeJS.Signals | null) {
          reject(new HandlerCrashed(`The process of the handler ended (${signal ?? `code ${code}`})`));
        }
        function onMessage(message: FromChild) {
          if (context && follow(child, message, context)) return;
          child.off('exit', onExit);
          child.off('message', onMessage);
          resolveAnswer(message);
        }
        tell(child, question);
        if (context?.signal.aborted) onAbort();
        else context?.signal.addEventListener('abort', onAbort, { once: true });
      });
    } finally {
      clearTimeout(timer);
      context?.signal.removeEventListener('abort', onAbort);
    }
  }

  return {
    title,
    declared: () => declaredOf(current.declared),
    async run(job: JobView, context: HandlerContext) {
      const worker = await take();
      const { agentId, attempt, deadline, lastValidation } = context;
      const go = { agentId, attempt, deadline, lastValidation: lastValidation ?? null, approved: isApproved(context) };
      const answer = await ask(worker, { type: 'run', job, go, tools: context.tools.list }, context);
      giveBack(worker);
      if (answer.type === 'result') return answer.missing ? undefined : answer.value;
      if (answer.type !== 'error') throw new HandlerCrashed('The process of the handler answered something else');
      if (answer.error.name === 'ApprovalNeeded') throw new ApprovalNeeded(answer.error.message);
      throw Object.assign(new Error(answer.error.message), answer.error);
    },
    async bid(job: JobView): Promise<BidOffer | null | undefined> {
      if (!current.hasBid) return undefined;
      const worker = await take();
      const answer = await ask(worker, { type: 'bid', job });
      giveBack(worker);
      if (answer.type === 'offer') return answer.offer;
      throw new Error(answer.type === 'error' ? answer.error.message : 'The handler gave no offer');
    },
    async reload() {
      generation += 1;
      try {
        current = await start();
        idle.push(current);
      } catch (error) {
        generation -= 1;
        throw error;
      }
    },
    async close() {
      generation += 1;
      await Promise.all([...all].map((child) => stopProcess(child)));
    },
  };
}

/** True where the message was part of the work, not its end. */
function follow(child: ChildProcess, message: FromChild, context: HandlerContext): boolean {
  switch (message.type) {
    case 'progress':
      context.progress(message.percent, message.message);
      return true;
    case 'log':
      context.log(message.message, message.level);
      return true;
    case 'tool':
      context.tools.call(message.name, message.args).then(
        (result) => tell(child, { type: 'tool_result', id: message.id, result }),
        (error: unknown) => {
          const text = error instanceof Error ? error.message : String(error);
          tell(child, { type: 'tool_result', id: message.id, error: text });
        },
      );
      return true;
    default:
      return false;
  }
}

function tell(child: ChildProcess, message: ToChild): void {
  // A process that is gone answers by its exit.
  if (child.connected) child.send(message, () => undefined);
}

/** Whether a person has agreed: asking is how one finds out. */
export function isApproved(context: HandlerContext): boolean {
  try {
    context.requireApproval('');
    return true;
  } catch {
    return false;
  }
}

function declaredOf({ capabilities, takesAnything, bidPolicy, agent }: PlainDeclared): Declared {
  return { capabilities: capabilities ? new Set(capabilities) : undefined, takesAnything, bidPolicy, agent };
}

/** Beside the bundle, or from source where there is none (the tests of this package). */
function childProgram(): { path: string; execArgv: string[] } {
  const bundled = fileURLToPath(new URL('./handler-child.mjs', import.meta.url));
  if (existsSync(bundled)) return { path: bundled, execArgv: [] };
  return { path: fileURLToPath(new URL('./handler-child.ts', import.meta.url)), execArgv: ['--import', 'tsx'] };
}
