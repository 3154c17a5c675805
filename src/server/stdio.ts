import type { Writable } from 'node:stream';
import type { JSONRPCMessage, McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { crashPoint } from '#kit/crash-point.ts';
import type { CallLog } from './call-log.ts';
import { watchLifecycle } from './lifecycle.ts';

export interface StdioParts {
  /** May run twice: once for a probe, once for the connection. */
  buildServer(): McpServer | Promise<McpServer>;
  /** The guarded stdout. */
  readonly stdout: Writable;
  readonly log: CallLog;
  /** Runs once, soon after the first answer: what should happen while connected, and must not delay connecting. */
  onConnected?(): void;
  /** Runs after an answer was handed to the operating system, with the id of its request. */
  onAnswered?(requestId: string | number): void;
  /** Ends everything that belongs to this server. */
  close(): Promise<void>;
}

/** One line may be this large; a work result of a megabyte, escaped twice, still fits. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
/** After the first answer, so that a host which only looks is not kept waiting and a probe starts nothing. */
const CONNECTED_AFTER_MS = 1_000;

/** A transport that tells when an answer has left. */
class ReportingTransport extends StdioServerTransport {
  readonly #stdout: Writable;
  readonly #onSent: (message: JSONRPCMessage) => void;

  constructor(stdout: Writable, onSent: (message: JSONRPCMessage) => void) {
    super(process.stdin, stdout, { maxBufferSize: MAX_LINE_BYTES });
    this.#stdout = stdout;
    this.#onSent = onSent;
  }

  override async send(message: JSONRPCMessage): Promise<void> {
    if (isAnswer(message)) crashPoint('before-answer');
    await super.send(message);
    // What was accepted may still lie in a buffer of ours. An empty write is called back after everything before it.
    this.#stdout.write('', (error) => {
      if (!error) this.#onSent(message);
    });
  }
}

type AnswerMessage = JSONRPCMessage & { readonly id: string | number };

function isAnswer(message: JSONRPCMessage): message is AnswerMessage {
  return 'id' in message && message.id !== undefined && !('method' in message);
}

/** Serves MCP on stdin and stdout until the host goes, in whichever protocol era the host opens with. */
export function serveOnStdio(parts: StdioParts): void {
  const { log } = parts;
  let connected = false;
  const onSent = (message: JSONRPCMessage): void => {
    if (!connected) {
      connected = true;
      setTimeout(() => parts.onConnected?.(), CONNECTED_AFTER_MS).unref();
    }
    if (isAnswer(message)) parts.onAnswered?.(message.id);
  };
  const transport = new ReportingTransport(parts.stdout, onSent);
  const handle = serveStdio(parts.buildServer, {
    transport,
    onerror: (error) => log.warn('protocol problem', { problem: error.message }),
  });
  const lifecycle = watchLifecycle({
    stdin: process.stdin,
    log,
    async cleanUp() {
      await Promise.allSettled([handle.close(), parts.close()]);
    },
  });
  parts.stdout.on('error', () => lifecycle.stop('stdout is gone'));
}
