import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';

/** The server as shipped. */
export const program = fileURLToPath(new URL('../../dist/sota-mcp.js', import.meta.url));

export type Answer = Record<string, unknown>;

/** One connected client, whatever its generation. */
export interface TestClient {
  readonly pid: number;
  listTools(): Promise<{ name: string; inputSchema: unknown }[]>;
  /** The structured content; throws with the error text where the tool answered with an error. */
  call(name: string, args?: Record<string, unknown>): Promise<Answer>;
  /** The error object of a tool that answers with one. */
  refusal(name: string, args?: Record<string, unknown>): Promise<Answer>;
  raw: ClientV2 | ClientV1;
  close(): Promise<void>;
}

export type Generation = 'v2 modern' | 'v2 legacy' | 'v1';
export const generations: readonly Generation[] = ['v2 modern', 'v2 legacy', 'v1'];

export interface ServerOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Another copy of the server than dist/. */
  readonly program?: string;
}

/** A state folder of its own, removed by `remove`. */
export function temporaryHome(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'sota-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Spawns the shipped server and connects a client of the given generation to it. */
export async function connect(
  generation: Generation,
  { args = [], env = {}, program: script = program }: ServerOptions = {},
): Promise<TestClient> {
  const parameters = {
    command: process.execPath,
    args: [script, ...args],
    env: { PATH: process.env.PATH ?? '', SOTA_LOG_LEVEL: 'error', ...env },
    stderr: 'inherit' as const,
  };
  if (generation === 'v1') {
    const transport = new StdioV1(parameters);
    const client = new ClientV1({ name: 'test-v1', version: '1' });
    await client.connect(transport);
    return wrap(client, transport.pid ?? 0);
  }
  const transport = new StdioV2(parameters);
  const client = new ClientV2(
    { name: 'test-v2', version: '1' },
    generation === 'v2 modern' ? { versionNegotiation: { mode: { pin: '2026-07-28' } } } : {},
  );
  await client.connect(transport);
  return wrap(client, transport.pid ?? 0);
}

interface CallResult {
  isError?: boolean;
  structuredContent?: unknown;
  content?: { type: string; text?: string }[];
}

function wrap(client: ClientV2 | ClientV1, pid: number): TestClient {
  const invoke = async (name: string, args: Record<string, unknown> = {}): Promise<CallResult> =>
    (await (client as ClientV2).callTool({ name, arguments: args })) as CallResult;
  const textOf = (result: CallResult): string => result.content?.find((block) => block.type === 'text')?.text ?? '';
  return {
    pid,
    raw: client,
    async listTools() {
      return (await (client as ClientV2).listTools()).tools as { name: string; inputSchema: unknown }[];
    },
    async call(name, args) {
      const result = await invoke(name, args);
      if (result.isError) throw new Error(`${name} answered with an error: ${textOf(result)}`);
      return (result.structuredContent ?? { text: textOf(result) }) as Answer;
    },
    async refusal(name, args) {
      const result = await invoke(name, args);
      if (!result.isError) throw new Error(`${name} was expected to refuse and answered: ${textOf(result)}`);
      return (JSON.parse(textOf(result)) as { error: Answer }).error;
    },
    close: () => client.close(),
  };
}
