import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { version } from '#kit/version.ts';

/** What a request was answered with. */
export type Result = Readonly<Record<string, unknown>>;

/** The host's end of an MCP server that was started for it. */
export interface StdioClient {
  /**
   * Sends a request and waits for its result.
   * @throws Error when it is answered with an error, not in time, not with a message, or when the server ends before
   */
  request(method: string, params?: Readonly<Record<string, unknown>>): Promise<Result>;
  notify(method: string): void;
  /** Closes the server's input and waits until it has ended, by a signal if it does not by itself. */
  close(): Promise<void>;
}

export interface StdioClientOptions {
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** How long an answer may take, milliseconds. */
  readonly timeoutMs: number;
  /** What becomes of the server's own words: shown, or kept for the error when it ends too early. */
  readonly stderr: 'inherit' | 'pipe';
}

interface Waiting {
  resolve(result: Result): void;
  reject(error: Error): void;
}

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly result?: Result;
  readonly error?: { readonly message?: string };
}

/** The generation of the protocol that is opened by a handshake. */
const LEGACY = '2025-11-25';
const METHOD_NOT_FOUND = -32601;
/** How long a server may take to end once its input is closed. */
const EXIT_MS = 2_000;

/**
 * Starts a Node.js program as an MCP server. This is the client side in its smallest form, for our own server: it offers
 * no capability, so a server may ask it for nothing but a sign of life. The official client does all the rest, and it
 * alone would be a tenth of this package; tests speak to the server with that one.
 * @example const client = startServer({ args: [program], timeoutMs: 60_000, stderr: 'inherit' });
 */
export function startServer({ args, env, timeoutMs, stderr }: StdioClientOptions): StdioClient {
  const child = spawn(process.execPath, args, { ...(env && { env }), stdio: ['pipe', 'pipe', stderr] });
  const waiting = new Map<number | string, Waiting>();
  let lastId = 0;
  let ended: Error | undefined;
  let lastWords = '';

  const send = (message: object) => child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const end = (error: Error) => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  // A server that ended is noticed by its end; what is still written to it then must not end this process.
  child.stdin?.on('error', () => undefined);
  child.stderr?.on('data', (chunk: Buffer) => {
    lastWords = `${lastWords}${chunk}`.slice(-500);
  });
  child.once('error', end);
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.once('close', (code, signal) => end(new Error(`it ended with ${code ?? signal}: ${lastWords.trim()}`)));

  function receive(line: string): void {
    let message: Message;
    try {
      message = JSON.parse(line);
    } catch {
      end(new Error(`it wrote something else than messages: ${line.slice(0, 80)}`));
      return;
    }
    const { id, method, result, error } = message;
    if (id === undefined) return; // a notification, and none of them changes what is done here
    if (method === 'ping') send({ id, result: {} });
    else if (method) send({ id, error: { code: METHOD_NOT_FOUND, message: `${method} is not offered here` } });
    else if (result) waiting.get(id)?.resolve(result);
    else waiting.get(id)?.reject(new Error(error?.message ?? 'it answered with an error'));
  }
  if (child.stdout) createInterface({ input: child.stdout }).on('line', receive);

  return {
    request(method, params) {
      if (ended) return Promise.reject(ended);
      lastId += 1;
      const id = lastId;
      let timer: NodeJS.Timeout | undefined;
      return new Promise<Result>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
        send({ id, method, params });
      }).finally(() => {
        clearTimeout(timer);
        waiting.delete(id);
      });
    },
    notify: (method) => void send({ method }),
    async close() {
      child.stdin?.end();
      const timer = setTimeout(() => child.kill(), EXIT_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Opens a session as a host of the older generation does, the one most hosts are of. */
export async function openSession(client: StdioClient, name: string): Promise<void> {
  const clientInfo = { name, version };
  await client.request('initialize', { protocolVersion: LEGACY, capabilities: {}, clientInfo });
  client.notify('notifications/initialized');
}
