import type { CallOptions, Session } from '#client/types.ts';
import type { Clock } from '#kit/clock.ts';
import type { KillableValidator } from '#kit/json-schema/killable-validator.ts';

export interface DocSummary {
  readonly slug: string;
  readonly title: string;
  readonly summary: string;
}

export interface DocPage extends DocSummary {
  /** Markdown. */
  readonly text: string;
  /** Its second-level headings, in order. */
  readonly sections: readonly string[];
}

/** The documentation that travels with the package. */
export interface DocsLibrary {
  list(): readonly DocSummary[];
  /** The page, or one section of it (heading, case-insensitive); undefined where there is none. */
  read(topic: string, section?: string): Promise<DocPage | undefined>;
}

/**
 * What this process has already seen, to save reads and to tell new from old. Losing it costs a request, never
 * correctness. It holds no secrets.
 */
export interface Memory {
  /** Attempt number of each test job as last seen. */
  readonly testAttempts: Map<string, number>;
  /** Jobs a model was shown, so that waiting wakes for others. */
  readonly seenJobs: Set<string>;
  /** expected_schema by job or test job id; null where the job has none. */
  readonly schemas: Map<string, unknown>;
  /** Moves this process made, as `<job>:<status>`: their echo in the activity log is no news. */
  readonly ownMoves: Set<string>;
  /** The last activity id returned; where waiting starts when no cursor is given. */
  activityCursor: number | undefined;
  /** Milliseconds since 1970; before the first cursor, what happened since then counts as new. */
  readonly startedAt: number;
}

/** What a tool gets besides its arguments. */
export interface ToolContext {
  readonly session: Session;
  /** Aborts when the host cancels the call or goes away. */
  readonly signal: AbortSignal;
  /** Tells the host that the call is alive. A no-op where the host did not ask. */
  progress(done: number, total?: number, message?: string): void;
  /** Where answers go through other hands: what is told here says later that this one has arrived. */
  readonly onUnseen?: NonNullable<CallOptions['onUnseen']>;
  /** The host's own key for this call. */
  readonly idempotencyKey?: string;
  readonly docs: DocsLibrary;
  readonly validator: Pick<KillableValidator, 'validate'>;
  readonly clock: Clock;
  /** Names of the tools a model can call here; nothing else may be suggested. */
  readonly activeTools: ReadonlySet<string>;
  readonly memory: Memory;
}

/** How a call of this tool is made: it ends with the tool, and its retries show as progress. */
export function callOptions(
  context: Pick<ToolContext, 'signal' | 'progress' | 'onUnseen' | 'idempotencyKey'>,
): CallOptions {
  const { signal, progress, onUnseen, idempotencyKey } = context;
  return {
    signal,
    onAttempt: (attempt, reason) => progress(attempt, undefined, `trying again: ${reason}`),
    ...(onUnseen && { onUnseen }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  };
}

/** How many ids one memory table keeps; the oldest go first. */
const MEMORY_LIMIT = 2_000;

export function createMemory(clock: Clock): Memory {
  return {
    testAttempts: new Map(),
    seenJobs: new Set(),
    schemas: new Map(),
    ownMoves: new Set(),
    activityCursor: undefined,
    startedAt: clock.now(),
  };
}

/** Notes that this process moved a job to a status itself. */
export function noteMove({ memory }: Pick<ToolContext, 'memory'>, jobId: string, status: string): void {
  rememberId(memory.ownMoves, `${jobId}:${status}`);
}

/** Adds to a memory table, forgetting the oldest entries beyond its limit. */
export function remember<K, V>(table: Map<K, V>, key: K, value: V): void {
  table.delete(key);
  table.set(key, value);
  for (const oldest of table.keys()) {
    if (table.size <= MEMORY_LIMIT) break;
    table.delete(oldest);
  }
}

/** The same for a set of ids. */
export function rememberId(table: Set<string>, id: string): void {
  table.delete(id);
  table.add(id);
  for (const oldest of table) {
    if (table.size <= MEMORY_LIMIT) break;
    table.delete(oldest);
  }
}
