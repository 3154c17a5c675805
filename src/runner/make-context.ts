import type { Clock } from '#kit/clock.ts';
import type { Logger } from '#kit/log.ts';
import { ApprovalNeeded, type HandlerContext } from './handlers/handler-host.ts';
import type { JobView } from './handlers/job-view.ts';
import { schemaSkeleton } from './sdk/schema-skeleton.ts';
import type { HandlerGo } from './work-task.ts';

export interface ContextParts {
  readonly agentId: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly tools: HandlerContext['tools'];
  progress(percent: number, message?: string): void;
  /** Also told about every line a handler logs. */
  onLog?(message: string, level: 'info' | 'warn' | 'error'): void;
}

/** What a handler gets for one go at a job. */
export function makeContext(job: JobView, go: HandlerGo, parts: ContextParts): HandlerContext {
  const { agentId, clock, log, tools } = parts;
  return {
    agentId,
    attempt: go.attempt,
    lastValidation: go.lastValidation,
    deadline: go.deadline,
    signal: go.signal,
    tools,
    remainingMs: () => Math.max(0, go.deadline - clock.now()),
    progress: (percent, message) => parts.progress(percent, message),
    log(message, level = 'info') {
      log[level](message, { job: job.id, from: 'handler' });
      parts.onLog?.(message, level);
    },
    skeleton: () => schemaSkeleton(job.expected_schema ?? {}, job.description, job.parameters),
    requireApproval(reason) {
      if (!go.approved) throw new ApprovalNeeded(reason);
    },
  };
}
