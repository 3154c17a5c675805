import type { z } from 'zod';
import type { ToolContext } from './context.ts';
import type { Disclosed, Fit, Marked } from './marked.ts';

/**
 * What a call does to the world. `read`: nothing. `write`: changes state of ours that can be changed again. `spend`:
 * moves or commits money. `destroy`: ends or replaces something for good.
 */
export type Effect = 'read' | 'write' | 'spend' | 'destroy';

export type Family = 'discovery' | 'introspection' | 'sandbox' | 'worker' | 'requester' | 'payouts' | 'auth' | 'ours';

/** The narrower faces a tool belongs to; every tool belongs to `full`. `observe` is every tool that only reads. */
export type Role = 'worker' | 'requester';

export interface ToolFlags {
  /** Other people's words come back, or other people are affected. */
  readonly openWorld?: boolean;
  /** False: works before there is an API key. */
  readonly needsKey?: boolean;
  /** May take up to 45 s and reports progress. */
  readonly longPoll?: boolean;
  /** An equal second call acts again. */
  readonly repeats?: boolean;
  /** Money or state committed here comes back by another call, so nothing is lost for good. */
  readonly reversible?: boolean;
}

/** What a tool returns: plain data, no protocol objects. A prose tool returns `{ text }`. */
export type ToolResult = Readonly<Record<string, unknown>>;

/**
 * One thing a model can do, as data plus one function. Annotations, read-only filtering, profiles, argument repair and
 * the list of tools are derived from these fields; no tool states them by hand.
 */
export interface Tool<
  I extends z.ZodObject = z.ZodObject,
  O extends z.ZodObject | undefined = z.ZodObject | undefined,
> {
  readonly name: string;
  readonly title: string;
  readonly family: Family;
  readonly roles: readonly Role[];
  /** At most 300 characters: the outcome first, then the sibling it is confused with. */
  readonly description: string;
  /** A strict object: a misspelt argument is refused, never ignored. */
  readonly input: I;
  /** An open object; absent for tools whose answer is prose. */
  readonly output: O;
  readonly effect: Effect;
  readonly flags?: ToolFlags;
  /** Wrong argument names that can only mean one thing, with the right name. */
  readonly aliases?: Readonly<Record<string, keyof z.input<I> & string>>;
  /** Complete arguments that would be accepted; shown when a call was not. */
  readonly example: z.input<I>;
  /** @throws SotaError and nothing else on purpose. */
  run(input: z.output<I>, context: ToolContext): Promise<Declared<O>>;
}

/** What the output schema declares, where any field may also be somebody else's. */
type Declared<O> = O extends z.ZodObject
  ? { [K in keyof z.input<O>]: z.input<O>[K] | Marked | Disclosed }
  : { readonly text: string };

/**
 * Types a tool without changing it. A `run` whose result carries what others wrote, or what nobody knows, does not
 * compile: it has to pass through `show` first.
 * @example export const heartbeat = defineTool({ name: 'heartbeat', effect: 'write', … })
 */
export function defineTool<I extends z.ZodObject, O extends z.ZodObject | undefined, R extends Declared<O>>(
  tool: Omit<Tool<I, O>, 'run'> & { run(input: z.output<I>, context: ToolContext): Promise<R & Fit<R>> },
): Tool<I, O> {
  return tool;
}

/** A tool whatever its arguments; what registries and dispatchers hold. */
export interface AnyTool extends Omit<Tool, 'run' | 'aliases' | 'example'> {
  readonly aliases?: Readonly<Record<string, string>>;
  readonly example: Readonly<Record<string, unknown>>;
  run(input: Readonly<Record<string, unknown>>, context: ToolContext): Promise<ToolResult>;
}
