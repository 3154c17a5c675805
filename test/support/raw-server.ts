import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { program, type ServerOptions } from './mcp-clients.ts';

export type Message = {
  id?: number | string;
  result?: Record<string, unknown>;
  error?: { code: number; message: string };
  method?: string;
};

/** The server as a bare process: bytes in, lines out. */
export interface RawServer {
  readonly child: ChildProcess;
  /** Every line the server wrote to stdout so far. */
  readonly lines: string[];
  stderr(): string;
  send(message: unknown): void;
  sendText(text: string): void;
  /** Sends a request and waits for its answer. */
  request(method: string, params?: Record<string, unknown>): Promise<Message>;
  /** Waits for the end of the process. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

const MODERN = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Parameters of a 2026-07-28 request. */
export const modern = (params: Record<string, unknown> = {}): Record<string, unknown> => ({ ...params, _meta: MODERN });

export const initialize = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'raw', version: '0' },
};

/** Spawns the shipped server without a client library. */
export function spawnServer({ args = [], env = {} }: ServerOptions = {}, nodeArgs: readonly string[] = []): RawServer {
  const child = spawn(process.execPath, [...nodeArgs, program, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const waiting = new Map<number | string, { resolve(message: Message): void; reject(reason: Error): void }>();
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdin.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    let message: Message;
    try {
      message = JSON.parse(line) as Message;
    } catch {
      return;
    }
    if (message.id === undefined) return;
    waiting.get(message.id)?.resolve(message);
    waiting.delete(message.id);
  });
  let gone: Error | undefined;
  child.once('exit', (code, signal) => {
    gone = new Error(`The server ended (${code ?? signal})`);
    for (const { reject } of waiting.values()) reject(gone);
  });
  let nextId = 1;
  const sendText = (text: string) => void child.stdin.write(text);
  const send = (message: unknown) => sendText(`${JSON.stringify(message)}\n`);
  return {
    child,
    lines,
    stderr: () => errors,
    send,
    sendText,
    request(method, params = {}) {
      const id = nextId++;
      return new Promise((resolve, reject) => {
        waiting.set(id, {
          resolve,
          reject: ({ message }) => reject(new Error(`${message} before it answered ${method}: ${errors}`)),
        });
        if (gone !== undefined) waiting.get(id)?.reject(gone);
        send({ jsonrpc: '2.0', id, method, params });
      });
    },
    exited: once(child, 'exit').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    })),
  };
}
