import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** What a call came to, as a host sees it. */
export type Answer =
  | { readonly kind: 'answered'; readonly isError: boolean; readonly data: Readonly<Record<string, unknown>> }
  /** The process died before it answered; nobody knows what happened. */
  | { readonly kind: 'died' };

export interface DrivenOptions {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

/** How long a process may take to reach the point it kills itself at, once nothing else is asked of it. */
const SELF_KILL_MS = 3_000;

/**
 * An MCP server process under test: called like a host calls it, killed without warning, and started again. A bare
 * client, because what is tested includes answers that never come.
 */
export class DrivenServer {
  readonly #options: DrivenOptions;
  #child: ChildProcess | undefined;
  #waiting = new Map<number, (answer: Answer) => void>();
  #nextId = 1;
  #killing = false;
  /** How often the process was killed, by itself at a crash point or from outside. */
  kills = 0;
  /** The point the last process killed itself at; undefined where it ended otherwise. */
  diedAt: string | undefined;

  constructor(options: DrivenOptions) {
    this.#options = options;
  }

  /** Starts the process where there is none. `crash` names the point at which it kills itself, `name:nth`. */
  async start(crash?: string): Promise<void> {
    if (this.#child) return;
    const env = { PATH: process.env.PATH ?? '', ...this.#options.env, ...(crash ? { SOTA_CRASH: crash } : {}) };
    const child = spawn(process.execPath, [this.#options.program], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child = child;
    this.#killing = false;
    this.diedAt = undefined;
    child.stdin?.on('error', () => {});
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.#onLine(line));
    // Not at its exit: what it still said is in the pipe, and a host would read it.
    child.once('close', (_code, signal) => {
      if (this.#child === child) this.#child = undefined;
      if (signal === 'SIGKILL') {
        this.kills += 1;
        if (!this.#killing) this.diedAt = crash;
      }
      for (const [, resolve] of this.#waiting) resolve({ kind: 'died' });
      this.#waiting.clear();
    });
    const clientInfo = { name: 'crash-test', version: '1' };
    await this.#request('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
  }

  /** Calls a tool; starts the process first where it is down. */
  async call(tool: string, args: Readonly<Record<string, unknown>>, crash?: string): Promise<Answer> {
    await this.start(crash);
    return await this.#request('tools/call', { name: tool, arguments: args });
  }

  /** Waits until the process has ended by itself, for as long as that can take. */
  async ended(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), SELF_KILL_MS);
    await once(child, 'close', { signal: patience.signal }).catch(() => undefined);
    clearTimeout(timer);
  }

  /** Kills the process without warning, where it runs. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const exited = once(child, 'close');
    this.#killing = true;
    child.kill('SIGKILL');
    await exited;
  }

  /** Ends the process as a host does. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const exited = once(child, 'close');
    child.stdin?.end();
    await exited;
  }

  #request(method: string, params: Readonly<Record<string, unknown>>): Promise<Answer> {
    const child = this.#child;
    if (!child) return Promise.resolve({ kind: 'died' });
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    });
  }

  #onLine(line: string): void {
    const message = JSON.parse(line) as {
      id?: number;
      result?: { isError?: boolean; structuredContent?: Record<string, unknown>; content?: { text?: string }[] };
      error?: { message: string };
    };
    const resolve = message.id === undefined ? undefined : this.#waiting.get(message.id);
    if (message.id === undefined || !resolve) return;
    this.#waiting.delete(message.id);
    if (message.error) {
      resolve({ kind: 'answered', isError: true, data: { protocol_error: message.error.message } });
      return;
    }
    const { isError = false, structuredContent, content } = message.result ?? {};
    resolve({ kind: 'answered', isError, data: structuredContent ?? parseText(content?.[0]?.text) });
  }
}

function parseText(text: string | undefined): Record<string, unknown> {
  try {
    return JSON.parse(text ?? '{}') as Record<string, unknown>;
  } catch {
    return { text };
  }
}
