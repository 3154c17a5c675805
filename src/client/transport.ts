/** How one request leaves and its answer comes back, whatever does it. Whoever sends knows nothing of what it means. */
export interface OutgoingRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** A larger answer is not read to its end. */
  readonly maxBytes: number;
}

export interface IncomingAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  /** The body; undefined when it is over the limit. */
  readonly text: string | undefined;
}

export interface Exchange {
  /** Rejects with the error of the system that broke it, as it was thrown: its code tells whether anything left. */
  readonly answer: Promise<IncomingAnswer>;
  /** Breaks it off. Unless it is over, the answer rejects. */
  cancel(): void;
}

export type Transport = (request: OutgoingRequest) => Exchange;

/** By a fetch: for requests that go through a proxy. */
export function throughFetch(fetch: typeof globalThis.fetch): Transport {
  return ({ url, method, headers, body, maxBytes }) => {
    const controller = new AbortController();
    const answer = async () => {
      const { signal } = controller;
      // A redirect is not followed: the key would travel to wherever it points.
      const sent = fetch(url, { method, headers, ...(body !== undefined && { body }), signal, redirect: 'manual' });
      const response = await sent;
      const { status } = response;
      const text = await readText(response, maxBytes);
      return { status, header: (name: string) => response.headers.get(name) ?? undefined, text };
    };
    return { answer: answer(), cancel: () => controller.abort() };
  };
}

async function readText(response: Response, maxBytes: number): Promise<string | undefined> {
  if (!response.body) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
