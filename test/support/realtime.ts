import { type MessageEvent, WebSocket } from 'undici';
import { http } from './http.ts';

/** A Realtime client on somebody else's WebSocket, so that ours meets one it was not written with. */
export interface Listener {
  /** Sends a message and returns the payload of its reply. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  ask(topic: string, event: string, payload: unknown): Promise<any>;
  /** The first message that fits, also of those that came before. */
  next(fits: (message: RealtimeMessage) => boolean): Promise<RealtimeMessage>;
  changes(): readonly Change[];
  onChange(run: (change: Change) => void): void;
  close(): void;
}

export interface RealtimeMessage {
  readonly ref: string | null;
  readonly topic: string;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  readonly payload: any;
}

export interface Change {
  readonly type: string;
  readonly record: Readonly<Record<string, unknown>>;
}

/** @throws Error where it is not let in */
export async function listenTo(url: string, version = '2.0.0', apikey?: string): Promise<Listener> {
  const key = apikey ?? (await http('GET', `${url}/api/v1/developer/config`)).body.supabase_anon_key;
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/realtime/v1/websocket?apikey=${key}&vsn=${version}`);
  const messages: RealtimeMessage[] = [];
  const watchers = new Set<() => void>();
  const onChange: ((change: Change) => void)[] = [];
  socket.addEventListener('message', ({ data }: MessageEvent) => {
    const read = JSON.parse(String(data));
    const [, ref, topic, event, payload] = Array.isArray(read)
      ? read
      : [read.join_ref, read.ref, read.topic, read.event, read.payload];
    messages.push({ ref, topic, event, payload });
    if (event === 'postgres_changes') for (const run of onChange) run(payload.data);
    for (const watcher of [...watchers]) watcher();
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error('The connection was refused')));
  });
  const next: Listener['next'] = (fits) =>
    new Promise((resolve) => {
      const look = () => {
        const found = messages.find(fits);
        if (!found) return;
        watchers.delete(look);
        resolve(found);
      };
      watchers.add(look);
      look();
    });
  let refs = 0;
  return {
    async ask(topic, event, payload) {
      refs += 1;
      const ref = String(refs);
      socket.send(
        JSON.stringify(
          version === '2.0.0' ? ['1', ref, topic, event, payload] : { topic, event, payload, ref, join_ref: '1' },
        ),
      );
      return (await next((message) => message.event === 'phx_reply' && message.ref === ref)).payload;
    },
    next,
    changes: () => messages.filter(({ event }) => event === 'postgres_changes').map(({ payload }) => payload.data),
    onChange: (run) => void onChange.push(run),
    close: () => socket.close(),
  };
}

/** Looks again and again until something is so; the test's own time-out ends it otherwise. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}
