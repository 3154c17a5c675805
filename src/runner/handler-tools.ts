import { z } from 'zod';
import type { Session } from '#client/types.ts';
import type { Clock } from '#kit/clock.ts';
import type { KillableValidator } from '#kit/json-schema/killable-validator.ts';
import { createMemory, type DocsLibrary } from '#tools/context.ts';
import { checkResult } from '#tools/ours/check-result.ts';
import { readDoc } from '#tools/ours/read-doc.ts';
import { runTool } from '#tools/run-tool.ts';
import { getJob } from '#tools/worker/get-job.ts';
import { reportProgress } from '#tools/worker/report-progress.ts';
import type { HandlerContext, ToolSummary } from './handlers/handler-host.ts';

/** What a model inside a handler may use: looking and reporting. Delivering, bidding and money stay with the runner. */
const offered = [getJob, checkResult, reportProgress, readDoc];

export interface HandlerToolsParts {
  readonly session: Session;
  readonly validator: Pick<KillableValidator, 'validate'>;
  readonly clock: Clock;
  /** Documentation for `read_doc`; without it that tool finds nothing. */
  readonly docs?: DocsLibrary | undefined;
}

const NO_DOCS: DocsLibrary = { list: () => [], read: async () => undefined };

/** The tools of sota-mcp as functions: same names, same arguments, same results as over MCP. */
export function createHandlerTools({
  session,
  validator,
  clock,
  docs = NO_DOCS,
}: HandlerToolsParts): HandlerContext['tools'] {
  const activeTools = new Set(offered.map(({ name }) => name));
  const memory = createMemory(clock);
  const list: ToolSummary[] = offered.map(({ name, description, input }) => {
    const { $schema: _dialect, ...schema } = z.toJSONSchema(input, { io: 'input' });
    return { name, description, input_schema: schema };
  });
  return {
    list,
    async call(name, args = {}) {
      const tool = offered.find((candidate) => candidate.name === name);
      if (!tool) throw new Error(`There is no tool ${name}; there is: ${[...activeTools].join(', ')}`);
      const signal = AbortSignal.timeout(60_000);
      // biome-ignore lint/suspicious/noExplicitAny: one list of tools with different arguments; runTool checks them
      return await runTool(tool as any, args, {
        session,
        signal,
        progress: () => undefined,
        docs,
        validator,
        clock,
        activeTools,
        memory,
      });
    },
  };
}
