import type { Session } from '#client/types.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { type Clock, systemClock } from '#kit/clock.ts';
import { createMemory, type DocsLibrary, type ToolContext } from '#tools/context.ts';
import type { AnyTool, ToolResult } from '#tools/define-tool.ts';
import { fitResult } from '#tools/fit-result.ts';
import { runTool } from '#tools/run-tool.ts';
import { unknownTool } from '#tools/teach-arguments.ts';
import { protect } from '#tools/untrusted.ts';
import type { CallLog } from './call-log.ts';
import type { Consent, HostRound, QuestionForHost } from './consent.ts';
import { type RenderedResult, renderData, renderError, renderProse } from './render.ts';

export interface DispatchParts {
  readonly session: Session;
  /** What a host may call. */
  readonly activeTools: readonly AnyTool[];
  /** What exists, to tell a switched-off tool from an invented one. */
  readonly allTools: readonly AnyTool[];
  readonly docs: DocsLibrary;
  readonly validator: ToolContext['validator'];
  readonly log: CallLog;
  /** Asks a human through the host. Without it they are asked on the terminal only. */
  readonly consent?: Consent;
  readonly clock?: Clock;
}

export interface ToolCall {
  readonly name: string;
  readonly arguments: unknown;
  readonly signal: AbortSignal;
  readonly progress?: ToolContext['progress'] | undefined;
  readonly onUnseen?: ToolContext['onUnseen'];
  readonly idempotencyKey?: string | undefined;
  /** What of it concerns the host's dialogue with its human. */
  readonly round?: HostRound | undefined;
}

/** Answers every call, also those of tools that do not exist: a protocol error would not reach the model. */
export type Dispatch = (call: ToolCall) => Promise<RenderedResult | QuestionForHost>;

/**
 * The way of a call through the server: find the tool, run it, render what came of it. Whatever narrowing the owner
 * chose holds here too, since a host may call a tool it was never shown.
 */
export function createDispatch(parts: DispatchParts): Dispatch {
  const { session, docs, validator, log, clock = systemClock } = parts;
  const byName = new Map(parts.activeTools.map((tool) => [tool.name, tool]));
  const activeNames = new Set(byName.keys());
  const memory = createMemory(clock);
  const catalogue = { active: [...activeNames], all: parts.allTools.map(({ name }) => name) };

  const agentId = () => session.known()?.agentId ?? '';

  return async function dispatch(call) {
    const started = clock.now();
    const progress = call.progress ?? (() => {});
    try {
      const tool = byName.get(call.name);
      if (!tool) throw unknownTool(call.name, catalogue);
      const context = {
        session,
        signal: call.signal,
        progress,
        ...(call.onUnseen && { onUnseen: call.onUnseen }),
        ...(call.idempotencyKey !== undefined && { idempotencyKey: call.idempotencyKey }),
        docs,
        validator,
        clock,
        activeTools: activeNames,
        memory,
      };
      await parts.consent?.receive(call, agentId);
      const result = await runTool(tool, call.arguments, context);
      log.debug('tool answered', { tool: tool.name, ms: clock.now() - started, outcome: result.outcome });
      return tool.output ? renderData(result) : renderProse(String(result.text));
    } catch (error) {
      // Nobody waits for the answer of a cancelled call, and stopping is no mistake of ours.
      if (call.signal.aborted) return renderProse('cancelled');
      if (error instanceof SotaError && error.outcome === 'needs_approval') {
        log.debug('tool needs approval', { tool: call.name, ms: clock.now() - started });
        return (await parts.consent?.question(call, agentId(), error)) ?? renderData(pendingAnswer(error));
      }
      const shown = error instanceof SotaError ? error : internalError(byName.get(call.name), error, log);
      log.debug('tool refused', { tool: call.name, ms: clock.now() - started, code: shown.code });
      return renderError(shown, activeNames);
    }
  };
}

/** Waiting for a human is an answer, not an error: the model has something to tell and nothing to repair. */
function pendingAnswer({ message, fix, details, recovery }: SotaError): ToolResult {
  return fitResult(protect({ outcome: 'needs_approval', ...details, message, fix, ...(recovery && { recovery }) }));
}

/** Our own mistake: logged with its stack, told without it. */
function internalError(tool: AnyTool | undefined, cause: unknown, log: CallLog): SotaError {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const name = tool?.name ?? 'The call';
  const onlyReads = !tool || tool.effect === 'read';
  log.error('tool failed unexpectedly', { tool: name, problem: error.message, stack: error.stack });
  return new SotaError({
    code: 'internal',
    message: `${name} stopped on an error inside this server (${error.name}). ${onlyReads ? 'It only reads, so nothing changed.' : 'It may have taken effect.'}`,
    fix: `${onlyReads ? 'Try again.' : 'Look first, with get_status, get_job or get_activity_log.'} If it happens again, tell the human; the server log has the details.`,
    outcome: onlyReads ? 'rejected' : 'unknown',
    cause: error,
  });
}
