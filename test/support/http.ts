/** A bare HTTP caller: what curl would see. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  readonly body: any;
}

export interface HttpOptions {
  readonly key?: string | undefined;
  readonly body?: unknown;
  /** Sent as it is, instead of `body` as JSON. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** @example await http('POST', `${url}/api/v1/agents/heartbeat`, { key }) */
export async function http(
  method: string,
  url: string,
  { key, body, text, headers = {} }: HttpOptions = {},
): Promise<HttpAnswer> {
  const payload = text ?? (body === undefined ? undefined : JSON.stringify(body));
  const answer = await fetch(url, {
    method,
    headers: {
      ...(key === undefined ? {} : { 'X-API-Key': key }),
      ...(payload === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(payload === undefined ? {} : { body: payload }),
  });
  const raw = await answer.text();
  return { status: answer.status, headers: answer.headers, body: parse(raw) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
