import type { BidOffer, HandlerContext } from './handler-host.ts';
import type { JobView } from './job-view.ts';

export type HandlerFunction = (job: JobView, context: HandlerContext) => unknown;
export type BidFunction = (job: JobView) => BidOffer | null | undefined | Promise<BidOffer | null | undefined>;

/** What a handler file offers, whichever way it says so. */
export interface Handlers {
  /** The function for a job; undefined where there is none. */
  find(job: JobView): HandlerFunction | undefined;
  readonly capabilities: ReadonlySet<string> | undefined;
  readonly takesAnything: boolean;
  readonly bid: BidFunction | undefined;
  readonly bidPolicy: unknown;
  readonly agent: unknown;
}

/** The handler file cannot be used; `message` says what it lacks. The command exits with 78. */
export class HandlerFileError extends Error {
  override readonly name = 'HandlerFileError';
}

/**
 * Reads the exports of a handler file: `handlers`, one function per tag with `_default` for the rest, or one function
 * `dispatch` for everything; and beside them `bid`, `bidPolicy` and `agent`.
 * @throws HandlerFileError
 */
export function readHandlers(exports: Readonly<Record<string, unknown>>, title: string): Handlers {
  const { handlers, bid, bidPolicy, agent } = exports;
  const dispatch = exports.dispatch ?? (typeof exports.default === 'function' ? exports.default : undefined);
  if (dispatch !== undefined && typeof dispatch !== 'function') {
    throw new HandlerFileError(`${title}: dispatch must be a function (job, ctx) => result`);
  }
  if (bid !== undefined && typeof bid !== 'function') {
    throw new HandlerFileError(`${title}: bid must be a function (job) => ({ amount_usdc }) or null`);
  }
  const common = { bid: bid as BidFunction | undefined, bidPolicy, agent };
  if (handlers === undefined) {
    if (!dispatch) throw new HandlerFileError(`${title} exports neither handlers nor dispatch`);
    return { ...common, find: () => dispatch as HandlerFunction, capabilities: undefined, takesAnything: true };
  }
  const table = readTable(handlers, title);
  const fallback = table.get('_default') ?? (dispatch as HandlerFunction | undefined);
  table.delete('_default');
  return {
    ...common,
    find: (job) => table.get(job.capability) ?? fallback,
    capabilities: new Set(table.keys()),
    // A default that answers by shape passes probes; it is no reason to bid on a stranger's job.
    takesAnything: false,
  };
}

function readTable(handlers: unknown, title: string): Map<string, HandlerFunction> {
  if (typeof handlers !== 'object' || handlers === null || Array.isArray(handlers)) {
    throw new HandlerFileError(`${title}: handlers must be an object of functions, one per tag`);
  }
  const table = new Map<string, HandlerFunction>();
  for (const [tag, handler] of Object.entries(handlers)) {
    if (typeof handler !== 'function') throw new HandlerFileError(`${title}: handlers['${tag}'] is not a function`);
    table.set(tag, handler as HandlerFunction);
  }
  if (table.size === 0) throw new HandlerFileError(`${title}: handlers is empty`);
  return table;
}
