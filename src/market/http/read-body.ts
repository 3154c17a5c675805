import { refuse } from '../rules/refuse.ts';

/** A delivery may hold a million characters, each up to six bytes as a JSON escape, plus room for the rest. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** The text of a request body, refused as soon as it is known to be too large. */
export async function readBody(request: Request): Promise<string> {
  if (!request.body) return '';
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY_BYTES) tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) tooLarge();
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    refuse('bad_request', 'The body is not UTF-8 text');
  }
}

function tooLarge(): never {
  refuse('payload_too_large', `The body is over ${MAX_BODY_BYTES} bytes`);
}
