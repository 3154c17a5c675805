import type { Intent, Session, Settled } from '#client/types.ts';
import type { Operation } from '#contract/define-operation.ts';
import { createMemory, type ToolContext } from '#tools/context.ts';
import { tools } from '#tools/registry.ts';

export type Answers = Readonly<Record<string, (request: Record<string, Record<string, unknown>>) => unknown>>;

export interface Sent {
  readonly operation: string;
  readonly request: unknown;
  readonly slot?: string;
  readonly epoch?: string;
  readonly after?: string;
}

export const AGENT_ID = 'agent-1';

/**
 * A session that answers from a table, for what only the tool decides: which request, which slot, which result. What
 * happens on a wire is tested with the real marketplace, not here.
 */
export function fakeSession(answers: Answers): { session: Session; sent: Sent[] } {
  const sent: Sent[] = [];
  const answer = async (operation: Operation, request: unknown, rest: object = {}) => {
    sent.push({ operation: operation.id, request, ...rest });
    const reply = answers[operation.id];
    if (!reply) throw new Error(`unexpected operation ${operation.id}`);
    return reply(request as Record<string, Record<string, unknown>>);
  };
  const settled = <T>(data: T): Settled<T> => ({ outcome: 'done', data, attempts: 1 });
  const identity = { agentId: AGENT_ID, name: 'tester', keySource: 'environment', keyPrefix: 'sk_live_abc' } as const;
  const client = {
    origin: 'http://127.0.0.1:1',
    call: (operation: Operation, request: unknown) => answer(operation, request),
    async run(operation: Operation, { request, slot, epoch, after }: Intent<Operation>) {
      const rest = { slot, ...(epoch !== undefined && { epoch }), ...(after !== undefined && { after }) };
      return settled(await answer(operation, request, rest));
    },
  } as unknown as Session['client'];
  const session: Session = {
    client,
    local: true,
    origin: async () => client.origin,
    identify: async () => identity,
    known: () => identity,
    keyProblem: () => undefined,
    register: async () => settled({ identity, status: 'sandbox', storedAt: '/home/u/.sota/mcp/credentials' }),
    rotateKey: async () => settled({ key_id: 'key-2', keyPrefix: 'sk_live_def', storedAt: '/home/u/.sota/mcp' }),
    heartbeat: () => ({ running: true, consecutiveFailures: 0 }),
    startHeartbeat: () => {},
    beat: async () => ({ last_seen_at: '2026-01-01T00:00:00Z' }),
    recover: async () => {},
    close: async () => {},
  };
  return { session, sent };
}

/** A context around a session, with every tool active unless told otherwise. */
export function contextOf(session: Session, overrides: Partial<ToolContext> = {}): ToolContext {
  return {
    session,
    signal: new AbortController().signal,
    progress: () => {},
    docs: { list: () => [], read: async () => undefined },
    validator: { validate: async () => ({ ok: true }) },
    clock: { now: () => Date.parse('2026-01-01T00:00:00Z'), after: () => () => {} },
    activeTools: new Set(tools.map(({ name }) => name)),
    memory: createMemory({ now: () => Date.parse('2026-01-01T00:00:00Z'), after: () => () => {} }),
    ...overrides,
  };
}
