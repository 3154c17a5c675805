import type { AnyTool } from './define-tool.ts';

/** MCP's hints about a tool. All are stated, since the protocol's defaults (destructive, open world) fit few tools. */
export interface Annotations {
  readonly title: string;
  readonly readOnlyHint: boolean;
  readonly destructiveHint: boolean;
  readonly idempotentHint: boolean;
  readonly openWorldHint: boolean;
}

/**
 * The hints that follow from what a tool does.
 * @example annotationsOf(withdraw).destructiveHint // true: effect 'spend' and not reversible
 */
export function annotationsOf(tool: Pick<AnyTool, 'title' | 'effect' | 'flags'>): Annotations {
  const { effect, flags = {} } = tool;
  return {
    title: tool.title,
    readOnlyHint: effect === 'read',
    destructiveHint: effect === 'destroy' || (effect === 'spend' && flags.reversible !== true),
    idempotentHint: flags.repeats !== true,
    openWorldHint: flags.openWorld === true,
  };
}
