/**
 * Streamable HTTP in front of a server that speaks stdio, so that test suites which only know HTTP test the very program
 * that is shipped. It passes messages on and judges nothing; transport rules of HTTP are not what is tested.
 *
 * Legacy clients (initialize) get a process of their own per session. Modern ones are stateless and share one.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

interface Message {
  readonly jsonrpc: '2.0';
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: { readonly [key: string]: unknown };
  readonly result?: unknown;
  readonly error?: unknown;
}

export interface Bridge {
  readonly url: string;
  close(): Promise<void>;
}

/** One spawned server. Ids are replaced on the way, since several clients may use the same. */
class Piped {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, { id: string | number; done: (answer: Message) => void }>();
  #next = 1;

  constructor(command: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr.pipe(process.stderr);
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const answer = JSON.parse(line) as Message;
      const found = typeof answer.id === 'number' ? this.#waiting.get(answer.id) : undefined;
      if (!found || answer.method !== undefined) return;
      this.#waiting.delete(answer.id as number);
      found.done({ ...answer, id: found.id });
    });
  }

  notify(message: Message): void {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  request(message: Message): Promise<Message> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(id, { id: message.id ?? id, done: resolve });
      this.notify({ ...message, id });
    });
  }

  async close(): Promise<void> {
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.stdin.end();
    this.#child.kill();
    await gone;
  }
}

/** @example const bridge = await startBridge(process.execPath, ['dist/sota-mcp.js', '--local'], process.env) */
export async function startBridge(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Bridge> {
  const sessions = new Map<string, Piped>();
  let shared: Piped | undefined;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sessionId = request.headers['mcp-session-id'];
    const session = typeof sessionId === 'string' ? sessions.get(sessionId) : undefined;
    if (request.method === 'DELETE' && session) {
      sessions.delete(String(sessionId));
      await session.close();
      return void response.writeHead(200).end();
    }
    if (request.method !== 'POST') return void response.writeHead(405, { allow: 'POST, DELETE' }).end();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const message = JSON.parse(Buffer.concat(chunks).toString()) as Message;
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    let target = session;
    if (message.method === 'initialize') {
      const id = randomUUID();
      target = new Piped(command, args, env);
      sessions.set(id, target);
      headers['mcp-session-id'] = id;
    }
    if (!target) {
      if (typeof sessionId === 'string') return void response.writeHead(404).end();
      shared ??= new Piped(command, args, env);
      target = shared;
    }
    if (message.id === undefined || message.method === undefined) {
      target.notify(message);
      return void response.writeHead(202).end();
    }
    const answer = await target.request(message);
    response.writeHead(200, headers).end(JSON.stringify(answer));
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(400);
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...sessions.values(), ...(shared ? [shared] : [])].map((piped) => piped.close()));
    },
  };
}
