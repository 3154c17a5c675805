import type { JobChange } from './job-feed.ts';

/**
 * The conversation on one Realtime socket, as the public SDKs hold it (public SDK 0.2.0): channels are joined and left,
 * heartbeats answered, and changes of the table `jobs` pushed to the channels that asked for them. Knows no socket.
 *
 * Version 2.0.0 writes a message as `[join_ref, ref, topic, event, payload]`, version 1.0.0 as an object of these names.
 */
export type RealtimeVersion = '1.0.0' | '2.0.0';

export interface Channels {
  /** What to answer to a message of the client; nothing to what needs no answer. */
  receive(text: string): string | undefined;
  /** What to push about a change, one message per channel that wants it. */
  tell(change: JobChange): string[];
}

interface Message {
  readonly join_ref: string | null;
  readonly ref: string | null;
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
}

/** What a channel wants to hear of, as it asked for it. */
interface Wanted {
  readonly event: string;
  readonly schema: string;
  readonly table?: string;
  readonly filter?: string;
}
type Subscription = Wanted & { readonly id: number };

const MAX_CHANNELS = 20;
const MAX_SUBSCRIPTIONS = 20;
const EVENTS = ['*', 'INSERT', 'UPDATE', 'DELETE'];

export function openChannels(version: RealtimeVersion): Channels {
  const channels = new Map<string, readonly Subscription[]>();
  let ids = 0;
  const write = ({ join_ref, ref, topic, event, payload }: Message): string =>
    JSON.stringify(
      version === '2.0.0' ? [join_ref, ref, topic, event, payload] : { topic, event, payload, ref, join_ref },
    );
  const reply = (to: Message, status: 'ok' | 'error', response: object): string =>
    write({ ...to, event: 'phx_reply', payload: { status, response } });

  function join(message: Message): string {
    const wanted = wantedBy(message.payload);
    const problem = typeof wanted === 'string' ? wanted : problemWith(wanted);
    if (typeof wanted === 'string' || problem) return reply(message, 'error', { reason: problem });
    if (channels.size >= MAX_CHANNELS && !channels.has(message.topic)) {
      return reply(message, 'error', { reason: `At most ${MAX_CHANNELS} channels per connection` });
    }
    const subscriptions = wanted.map((entry) => {
      ids += 1;
      return { ...entry, id: ids };
    });
    channels.set(message.topic, subscriptions);
    return reply(message, 'ok', { postgres_changes: subscriptions });
  }

  return {
    receive(text) {
      const message = readMessage(text, version);
      if (!message) return undefined;
      switch (message.event) {
        case 'phx_join':
          return join(message);
        case 'phx_leave':
          channels.delete(message.topic);
          return reply(message, 'ok', {});
        case 'heartbeat':
          return reply(message, 'ok', {});
        default:
          // A renewed access token, above all: who listens here hears the same with any.
          return undefined;
      }
    },
    tell(change) {
      return [...channels].flatMap(([topic, subscriptions]) => {
        const ids = subscriptions.filter((wanted) => isWanted(wanted, change)).map(({ id }) => id);
        if (ids.length === 0) return [];
        const payload = { ids, data: dataOf(change) };
        return [write({ join_ref: null, ref: null, topic, event: 'postgres_changes', payload })];
      });
    },
  };
}

function readMessage(text: string, version: RealtimeVersion): Message | undefined {
  try {
    const read: unknown = JSON.parse(text);
    const [join_ref, ref, topic, event, payload] =
      version === '2.0.0' && Array.isArray(read) ? read : fieldsOf(read as Partial<Message>);
    if (typeof topic !== 'string' || typeof event !== 'string') return undefined;
    return { join_ref: join_ref ?? null, ref: ref ?? null, topic, event, payload };
  } catch {
    return undefined;
  }
}

function fieldsOf({ join_ref, ref, topic, event, payload }: Partial<Message>) {
  return [join_ref, ref, topic, event, payload] as const;
}

/** The entries a channel asks for, or what is wrong with them. */
function wantedBy(payload: unknown): readonly Wanted[] | string {
  const { config } = (payload ?? {}) as { config?: { postgres_changes?: unknown } };
  const wanted = config?.postgres_changes ?? [];
  const isList = Array.isArray(wanted) && wanted.every((entry) => typeof entry === 'object' && entry !== null);
  if (!isList) return 'config.postgres_changes is a list of entries';
  return wanted.length > MAX_SUBSCRIPTIONS ? `At most ${MAX_SUBSCRIPTIONS} entries per channel` : wanted;
}

function problemWith(wanted: readonly Wanted[]): string | undefined {
  for (const { event, schema, table, filter } of wanted) {
    if (schema !== 'public' || (table !== undefined && table !== '*' && table !== 'jobs')) {
      return 'Only the table jobs of the schema public can be listened to';
    }
    if (!EVENTS.includes(event)) return `event is one of ${EVENTS.join(', ')}`;
    if (filter !== undefined && !readFilter(filter)) return 'filter is a column, "=eq.", and a value';
  }
  return undefined;
}

function readFilter(filter: unknown): readonly [column: string, value: string] | undefined {
  const [, column, value] = /^(\w+)=eq\.(.*)$/s.exec(String(filter)) ?? [];
  return column === undefined || value === undefined ? undefined : [column, value];
}

function isWanted({ event, filter }: Wanted, { type, record }: JobChange): boolean {
  if (event !== '*' && event !== type) return false;
  if (filter === undefined) return true;
  const [column, value] = readFilter(filter) ?? [];
  return column !== undefined && String(record[column as keyof typeof record] ?? 'null') === value;
}

/** Readers turn values into what the type of their column says; those named here leave them as they are. */
function dataOf({ type, at, record }: JobChange) {
  const columns = Object.entries(record).map(([name, value]) => ({ name, type: typeOf(value) }));
  return {
    type,
    schema: 'public',
    table: 'jobs',
    commit_timestamp: at,
    columns,
    record,
    ...(type === 'UPDATE' ? { old_record: { id: record.id } } : {}),
    errors: null,
  };
}

function typeOf(value: unknown): string {
  if (typeof value === 'number') return 'float8';
  return typeof value === 'object' && value !== null ? 'jsonb' : 'text';
}
