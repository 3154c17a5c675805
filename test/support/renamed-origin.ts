import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { operationById } from '#contract/operations/registry.ts';

export interface RenamedOrigin {
  readonly url: string;
  /** Every request as it arrived, `METHOD /path`. */
  readonly received: string[];
  close(): Promise<void>;
}

/** Paths of an OpenAPI document by path, then by method in lower case. */
export type Paths = Record<string, Record<string, unknown>>;

/**
 * A whole marketplace that offers some operations under other names: in front of a real one, with its OpenAPI document
 * rewritten. Our own names for them answer 404, as they would.
 * @param routes by the id of the operation, for example `{ withdraw: 'POST /api/v2/payouts/withdrawals' }`
 * @param describe a last change to the document
 */
export async function renamedOrigin(
  market: string,
  routes: Readonly<Record<string, string>>,
  describe: (paths: Paths) => void = () => undefined,
): Promise<RenamedOrigin> {
  const received: string[] = [];
  const moved = Object.entries(routes).map(([id, route]) => {
    const [method = '', path = ''] = route.split(' ');
    return { own: operationById(id)!, method, path, pattern: patternOf(path) };
  });
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const [path = '', search] = (incoming.url ?? '').split('?');
    received.push(`${incoming.method} ${path}`);
    const found = moved.find(({ method, pattern }) => method === incoming.method && pattern.test(path));
    const gone = moved.some(({ own }) => own.method === incoming.method && patternOf(own.path).test(path));
    if (!found && gone) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"detail":"Not Found"}');
      return;
    }
    const values = found?.pattern.exec(path)?.slice(1) ?? [];
    const target = found ? found.own.path.replace(/\{\w+\}/g, () => values.shift() ?? '') : path;
    const headers = Object.entries(incoming.headers).filter(
      ([name]) => !/^(host|connection|content-length)$/.test(name),
    );
    const answer = await fetch(`${market}${target}${search === undefined ? '' : `?${search}`}`, {
      method: found?.own.method ?? incoming.method ?? 'GET',
      headers: Object.fromEntries(headers) as Record<string, string>,
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    const text = await answer.text();
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' });
    response.end(path === '/api/v1/openapi.json' ? rewritten(text) : text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  function rewritten(text: string): string {
    const document = JSON.parse(text) as { paths: Paths };
    for (const { own, method, path } of moved) {
      const item = document.paths[own.path] ?? {};
      const { [own.method.toLowerCase()]: operation, ...rest } = item;
      document.paths[own.path] = rest;
      document.paths[path] = { ...document.paths[path], [method.toLowerCase()]: operation };
    }
    describe(document.paths);
    return JSON.stringify(document);
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{[^}]*\}/g, '([^/]+)')}$`);
}
