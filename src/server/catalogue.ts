import type { Effect, Role } from '#tools/define-tool.ts';
import { withoutMentions } from '#tools/mentions.ts';

/** What tools/list says of a tool. */
export interface ToolListing {
  readonly [field: string]: unknown;
  readonly name: string;
  readonly description: string;
  readonly inputSchema: { readonly [keyword: string]: unknown; readonly type: 'object' };
}

/** A tool as far as it matters before the first call: what it may do, whom it is for, what is said of it. */
export interface CatalogueTool {
  readonly name: string;
  readonly effect: Effect;
  readonly roles: readonly Role[];
  readonly listing: ToolListing;
}

/**
 * Everything a host can be told before anything is called, as plain data. Making it takes the whole registry with the
 * client below it; holding it takes nothing. So the build makes it once, and the server that starts only reads it.
 */
export interface Catalogue {
  /** In registry order. */
  readonly tools: readonly CatalogueTool[];
  /** Bytes of each page, by topic. */
  readonly docSizes: Readonly<Record<string, number>>;
}

/** Names of the tools that exist and are not among these. */
export function absentFrom(tools: readonly CatalogueTool[], { tools: all }: Catalogue): string[] {
  const here = new Set(tools.map(({ name }) => name));
  return all.map(({ name }) => name).filter((name) => !here.has(name));
}

/** The answer to tools/list, in which no description speaks of a tool that cannot be called here. */
export function listTools(tools: readonly CatalogueTool[], absent: readonly string[]): ToolListing[] {
  return tools.map(({ listing }) => ({ ...listing, description: withoutMentions(listing.description, absent) }));
}
