import { Client as ClientV2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { type Answer, type Generation, program } from './mcp-clients.ts';

/** What the human at the host does with a question. */
export type Reaction =
  | { readonly action: 'accept'; readonly content: Record<string, string | number | boolean> }
  | { readonly action: 'decline' | 'cancel' };

export interface ElicitingClient {
  /** The questions the host was asked to show. */
  readonly asked: string[];
  /** How the human reacts from now on. */
  reactWith(reaction: Reaction): void;
  call(name: string, args?: Record<string, unknown>): Promise<{ isError: boolean; answer: Answer }>;
  close(): Promise<void>;
}

/** An official client of the given generation whose host can show forms. */
export async function connectEliciting(
  generation: Generation,
  env: Readonly<Record<string, string>>,
): Promise<ElicitingClient> {
  const parameters = {
    command: process.execPath,
    args: [program],
    env: { PATH: process.env.PATH ?? '', SOTA_LOG_LEVEL: 'error', ...env },
    stderr: 'inherit' as const,
  };
  const asked: string[] = [];
  let reaction: Reaction = { action: 'cancel' };
  const react = (request: { params: { message: string } }) => {
    asked.push(request.params.message);
    return { ...reaction };
  };
  let client: ClientV1 | ClientV2;
  if (generation === 'v1') {
    const v1 = new ClientV1({ name: 'eliciting-v1', version: '1' }, { capabilities: { elicitation: {} } });
    v1.setRequestHandler(ElicitRequestSchema, react as never);
    await v1.connect(new StdioV1(parameters));
    client = v1;
  } else {
    const mode = generation === 'v2 modern' ? { versionNegotiation: { mode: { pin: '2026-07-28' as const } } } : {};
    const v2 = new ClientV2(
      { name: 'eliciting-v2', version: '1' },
      { capabilities: { elicitation: { form: {} } }, ...mode },
    );
    v2.setRequestHandler('elicitation/create', react as never);
    await v2.connect(new StdioV2(parameters));
    client = v2;
  }
  return {
    asked,
    reactWith(next) {
      reaction = next;
    },
    async call(name, args = {}) {
      const result = (await (client as ClientV2).callTool({ name, arguments: args })) as {
        isError?: boolean;
        structuredContent?: Answer;
        content?: { text?: string }[];
      };
      const answer = result.structuredContent ?? (JSON.parse(result.content?.[0]?.text ?? '{}') as Answer);
      return { isError: result.isError === true, answer };
    },
    close: () => client.close(),
  };
}
