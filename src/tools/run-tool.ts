import { HeldBack } from '#client/intents.ts';
import type { ToolContext } from './context.ts';
import type { AnyTool, ToolResult } from './define-tool.ts';
import { heldBackEnvelope } from './envelope.ts';
import { fitResult } from './fit-result.ts';
import { readArguments } from './read-arguments.ts';
import { showUnknown } from './show.ts';
import { protect } from './untrusted.ts';

/**
 * One tool call from raw arguments to marked result: the same for the MCP server, a command line and the runner.
 * Arguments are read before anything is looked up, so a wrong call is answered as such even without a key or a network.
 * @throws SotaError
 */
export async function runTool(tool: AnyTool, given: unknown, context: ToolContext): Promise<ToolResult> {
  const { input, repaired } = readArguments(tool, given);
  if (tool.flags?.needsKey !== false) await context.session.identify();
  const result = await tool.run(input, context).catch(asAnswer);
  return fitResult(protect(repaired.length ? { ...result, repaired } : result));
}

/** That a call was held back because of an earlier one is an answer, and the same for every tool. */
function asAnswer(error: unknown): ToolResult {
  if (error instanceof HeldBack) return { ...heldBackEnvelope(error), previous: showUnknown(error.previous) };
  throw error;
}
