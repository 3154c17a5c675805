/** A socket in front of an embedded marketplace that can be told to behave like a bad network. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

/**
 * `drop_before`: the connection breaks and nothing happened. `drop_after`: it happened, and the answer is lost.
 * `error_before` and `error_after`: the same with HTTP 503. `cut`: half of the answer. `slow`: half a second late.
 */
export const faultNames = ['drop_before', 'drop_after', 'error_before', 'error_after', 'cut', 'slow'] as const;
export type Fault = (typeof faultNames)[number];

export interface FaultSwitches {
  /** The next requests whose path contains `path` meet these faults, one each, in order. */
  next(path: string, ...faults: readonly Fault[]): void;
  /** Every request meets a fault with this probability; 0 switches it off. */
  rate(probability: number, faults?: readonly Fault[]): void;
  /** All are off again. */
  clear(): void;
}

export interface FaultyFront {
  readonly url: string;
  readonly faults: FaultSwitches;
  /** Requests that are not answered yet. */
  readonly underWay: number;
  close(): Promise<void>;
}

const SLOW_MS = 500;

/** @param answer the marketplace as a function from request to response */
export async function openFaultyFront(
  answer: (request: Request) => Response | Promise<Response>,
  rng: () => number = Math.random,
): Promise<FaultyFront> {
  const queued: { path: string; fault: Fault }[] = [];
  let probability = 0;
  let among: readonly Fault[] = faultNames;
  let underWay = 0;

  function pick(path: string): Fault | undefined {
    const index = queued.findIndex((entry) => path.includes(entry.path));
    if (index >= 0) return queued.splice(index, 1)[0]?.fault;
    return rng() < probability ? among[Math.floor(rng() * among.length)] : undefined;
  }

  const server = createServer(async (incoming, outgoing) => {
    underWay += 1;
    outgoing.once('close', () => {
      underWay -= 1;
    });
    const { method = 'GET', url: path = '/' } = incoming;
    const fault = pick(path);
    try {
      if (fault === 'drop_before') return void incoming.socket.destroy();
      if (fault === 'error_before') return void outgoing.writeHead(503).end();
      const hasBody = method !== 'GET' && method !== 'HEAD';
      const request = new Request(`http://market${path}`, {
        method,
        headers: Object.entries(incoming.headers).flatMap(([name, value]): [string, string][] =>
          typeof value === 'string' ? [[name, value]] : [],
        ),
        ...(hasBody ? { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>, duplex: 'half' } : {}),
      } as RequestInit);
      const response = await answer(request);
      const body = Buffer.from(await response.arrayBuffer());
      if (fault === 'drop_after') return void incoming.socket.destroy();
      if (fault === 'error_after') return void outgoing.writeHead(503).end();
      if (fault === 'slow') await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
      outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), 'content-length': body.length });
      if (fault === 'cut') {
        return void outgoing.write(body.subarray(0, body.length >> 1), () => incoming.socket.destroy());
      }
      outgoing.end(body);
    } catch {
      outgoing.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get underWay() {
      return underWay;
    },
    faults: {
      next: (path, ...faults) => void queued.push(...faults.map((fault) => ({ path, fault }))),
      rate(next, faults = faultNames) {
        probability = next;
        among = faults;
      },
      clear() {
        probability = 0;
        queued.length = 0;
      },
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
