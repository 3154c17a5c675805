/**
 * The process of a handler: imports the file named on the command line and does one job at a time for its parent, whose
 * process id stands behind it. Ends with the channel to the parent, so a killed runner leaves no handler behind.
 */
import { basename } from 'node:path';
import { Worker } from 'node:worker_threads';
import { systemClock } from '#kit/clock.ts';
import type { Logger } from '#kit/log.ts';
import { makeContext } from '../make-context.ts';
import { AgentError } from './agent-error.ts';
import { type ChildGo, type FromChild, plainError, type ToChild } from './child-protocol.ts';
import type { HandlerContext, ToolSummary } from './handler-host.ts';
import { load } from './in-process-host.ts';
import type { JobView } from './job-view.ts';

const file = process.argv[2] ?? '';
const send = (message: FromChild): void => void process.send?.(message);
process.on('disconnect', () => process.exit(0));
// A handler that computes without a pause never hears of the disconnection. A thread of its own watches the parent, whose
// id it was told: by the time it runs, a parent that was killed early has another one in its place.
new Worker(
  `const parent = ${Number(process.argv[3])};
  setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 1000);`,
  { eval: true, execArgv: [], env: {} },
).unref();
// The parent decides when work ends; a Ctrl-C reaches the whole group of processes and must not take handlers along.
process.on('SIGINT', () => undefined);

let abort: AbortController | undefined;
let calls = 0;
const waiting = new Map<number, { resolve(value: Record<string, unknown>): void; reject(error: Error): void }>();

try {
  const handlers = await load(file, basename(file));
  process.on('message', (message: ToChild) => {
    switch (message.type) {
      case 'run':
        void answer(async () => {
          const handler = handlers.find(message.job);
          if (!handler)
            throw new AgentError('resource_unavailable', `There is no handler for ${message.job.capability}`);
          const value = await handler(message.job, contextFor(message.job, message.go, message.tools));
          return { type: 'result', value, missing: value === undefined };
        });
        break;
      case 'bid':
        void answer(async () => ({ type: 'offer', offer: await handlers.bid?.(message.job) }));
        break;
      case 'abort':
        abort?.abort(new Error(message.reason));
        break;
      default: {
        const call = waiting.get(message.id);
        waiting.delete(message.id);
        if (message.error === undefined) call?.resolve(message.result as Record<string, unknown>);
        else call?.reject(new Error(message.error));
      }
    }
  });
  send({
    type: 'ready',
    hasBid: handlers.bid !== undefined,
    declared: {
      capabilities: handlers.capabilities ? [...handlers.capabilities] : null,
      takesAnything: handlers.takesAnything,
      bidPolicy: handlers.bidPolicy,
      agent: handlers.agent,
    },
  });
} catch (error) {
  send({ type: 'unusable', message: error instanceof Error ? error.message : String(error) });
}

async function answer(work: () => Promise<FromChild>): Promise<void> {
  abort = new AbortController();
  try {
    send(await work());
  } catch (error) {
    send({ type: 'error', error: plainError(error) });
  }
}

function contextFor(job: JobView, go: ChildGo, tools: readonly ToolSummary[]): HandlerContext {
  const line = (level: 'info' | 'warn' | 'error') => (message: string) => send({ type: 'log', message, level });
  const log: Logger = { debug: () => undefined, info: line('info'), warn: line('warn'), error: line('error') };
  const signal = abort?.signal ?? new AbortController().signal;
  return makeContext(
    job,
    { ...go, lastValidation: go.lastValidation ?? undefined, signal },
    {
      agentId: go.agentId,
      clock: systemClock,
      log,
      tools: { list: tools, call: callTool },
      progress: (percent, message) =>
        send({ type: 'progress', percent, ...(message === undefined ? {} : { message }) }),
    },
  );
}

function callTool(name: string, args: Readonly<Record<string, unknown>> = {}): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    calls += 1;
    waiting.set(calls, { resolve, reject });
    send({ type: 'tool', id: calls, name, args });
  });
}
