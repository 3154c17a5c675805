import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { openSession, type Result, startServer } from '../stdio-client.ts';

/** What a tool answered: its structured content, or the teaching error. */
export type ToolAnswer = Readonly<Record<string, unknown>>;

/** An agent in the demo: the host's end of a real server process, and nothing else. */
export interface AgentActor {
  /** Calls a tool; an error answer throws a {@link ToolRefused}. */
  call(tool: string, args?: Readonly<Record<string, unknown>>): Promise<ToolAnswer>;
  close(): Promise<void>;
}

/** A tool answered with an error. `answer` is the error as the model reads it. */
export class ToolRefused extends Error {
  override readonly name = 'ToolRefused';
  constructor(
    readonly tool: string,
    readonly answer: ToolAnswer,
  ) {
    const { error } = answer as { error?: { code?: string; message?: string } };
    super(`${tool}: ${error?.code ?? 'error'}: ${error?.message ?? JSON.stringify(answer)}`);
  }
}

/** The longest that a tool waits by itself is below this, which is also what hosts allow a call. */
const CALL_TIMEOUT_MS = 60_000;

/** Starts this very program as an MCP server in a home of its own, and opens a session with it. */
export async function startAgent(program: string, home: string, marketUrl: string): Promise<AgentActor> {
  const client = startServer({
    args: [program],
    env: { PATH: process.env.PATH ?? '', SOTA_HOME: home, SOTA_API_URL: marketUrl, SOTA_LOG_LEVEL: 'error' },
    timeoutMs: CALL_TIMEOUT_MS,
    stderr: 'inherit',
  });
  try {
    await openSession(client, 'sota-demo');
  } catch (error) {
    await client.close();
    throw error;
  }
  return {
    async call(tool, args = {}) {
      const result = await client.request('tools/call', { name: tool, arguments: args });
      const answer = readAnswer(result);
      if (result.isError) throw new ToolRefused(tool, answer);
      return answer;
    },
    close: () => client.close(),
  };
}

function readAnswer(result: Result): ToolAnswer {
  if (typeof result.structuredContent === 'object' && result.structuredContent !== null)
    return result.structuredContent as ToolAnswer;
  const [first] = (result.content ?? []) as { text?: string }[];
  try {
    return JSON.parse(first?.text ?? '{}') as ToolAnswer;
  } catch {
    return { text: first?.text ?? '' };
  }
}

export interface MarketActor {
  readonly url: string;
  /** Plays the world: funding, and the audit of the books. */
  local(method: 'GET' | 'POST', path: string, body?: unknown): Promise<ToolAnswer>;
  close(): Promise<void>;
}

/** Starts the marketplace as a process of its own and waits until it says where it listens. */
export async function startMarketProcess(program: string): Promise<MarketActor> {
  const child = spawn(
    process.execPath,
    [program, 'market', '--port', '0', '--data', ':memory:', '--seed', 'demo', '--json'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH ?? '', SOTA_LOG_LEVEL: 'error' },
    },
  );
  const { url } = JSON.parse(await firstLine(child)) as { url: string };
  return {
    url,
    async local(method, path, body) {
      const answer = await fetch(`${url}/_local/${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!answer.ok) throw new Error(`${method} /_local/${path} answered ${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as ToolAnswer;
    },
    close: () => stop(child),
  };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (!child.stdout) return reject(new Error('The marketplace process has no output'));
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`The marketplace process ended with code ${code} before it was ready`)),
    );
  });
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}
