import { once } from 'node:events';
import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  readonly body: any;
  readonly text: string;
}

/** Sends bytes to a server as they are and reads its one answer; for requests that no HTTP library would send. */
export async function rawHttp(origin: string, request: string | Buffer): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(request);
  await once(socket, 'close');
  return parse(Buffer.concat(chunks));
}

/**
 * The text of a request as a client puts it on the wire, closing the connection after the answer.
 * @param lines the request line and the headers that matter; Host is added
 */
export function wire(origin: string, lines: readonly string[], body = ''): string {
  return [...lines, `Host: ${new URL(origin).host}`, 'Connection: close', '', body].join('\r\n');
}

function parse(bytes: Buffer): RawAnswer {
  const end = bytes.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
    }),
  );
  const payload = bytes.subarray(end + 4);
  const text = (headers.get('transfer-encoding') === 'chunked' ? unchunk(payload) : payload).toString();
  return { status: Number(statusLine.split(' ')[1]), headers, text, body: json(text) };
}

function unchunk(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const line = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.subarray(at, line).toString(), 16);
    if (!size) break;
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
  return Buffer.concat(parts);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
