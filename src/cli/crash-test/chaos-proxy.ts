import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';
import type { Rng } from '#kit/rng.ts';

/**
 * A TCP proxy that breaks connections on purpose, below HTTP, where the real network breaks them. Each connection gets
 * one fate, drawn from the seed. Connections are closed as soon as an answer has passed, so that every request meets a
 * fate of its own and clients also meet the classic one: a kept-alive connection that dies under the next request.
 *
 *   none         everything passes
 *   lose_request the connection is reset after a few bytes of the request; the marketplace acts on nothing
 *   lose_answer  the request arrives, the answer is reset after a few bytes: done, and nobody knows
 *   cut_answer   as above, but with a polite end in the middle of the body
 *   stall        the answer is held back for a moment
 *   repeat       the request is delivered a second time on a connection of its own, as a careless transport would
 *   silence      the request arrives, no answer ever comes
 */
export const fates = ['none', 'lose_request', 'lose_answer', 'cut_answer', 'stall', 'repeat', 'silence'] as const;
export type Fate = (typeof fates)[number];

export interface ChaosOptions {
  readonly target: string;
  readonly rng: Rng;
  /** Share of connections that are broken, 0 to 1. */
  readonly rate: number;
  /** Fates to draw from; silence costs a whole attempt time-out, so short runs leave it out. */
  readonly among: readonly Exclude<Fate, 'none'>[];
}

export interface ChaosProxy {
  readonly url: string;
  /** How often each fate was met. */
  readonly met: ReadonlyMap<Fate, number>;
  /** While calm, everything passes: for the oracle's own look at the end. */
  calm(on: boolean): void;
  close(): Promise<void>;
}

const STALL_MS = 150;
/** After an answer, how long a connection may idle before it is closed. */
const IDLE_MS = 3;
/** An answer is cut somewhere in its first bytes: in the status line, the headers or the body. */
const CUT_WITHIN = 420;

export async function startChaosProxy({ target, rng, rate, among }: ChaosOptions): Promise<ChaosProxy> {
  const { hostname, port } = new URL(target);
  const met = new Map<Fate, number>();
  const open = new Set<Socket>();
  let calm = false;

  const track = (socket: Socket): Socket => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    socket.setNoDelay(true);
    return socket;
  };

  const server = createServer((client) => {
    track(client);
    const fate: Fate = calm || rng.next() >= rate ? 'none' : rng.pick(among);
    met.set(fate, (met.get(fate) ?? 0) + 1);
    const upstream = track(dial(Number(port), hostname));
    const cut = rng.int(0, CUT_WITHIN);
    carryRequest(client, upstream, fate, cut);
    carryAnswer(client, upstream, fate, cut);
    client.on('close', () => upstream.destroy());
  });

  function carryRequest(client: Socket, upstream: Socket, fate: Fate, cut: number): void {
    let passed = 0;
    const twin = fate === 'repeat' ? track(dial(Number(port), hostname)) : undefined;
    twin?.resume();
    client.on('data', (chunk) => {
      if (fate === 'lose_request' && passed + chunk.length > cut) {
        upstream.destroy();
        client.resetAndDestroy();
        return;
      }
      passed += chunk.length;
      upstream.write(chunk);
      twin?.write(chunk);
    });
    client.on('end', () => upstream.end());
  }

  function carryAnswer(client: Socket, upstream: Socket, fate: Fate, cut: number): void {
    let passed = 0;
    let idle: NodeJS.Timeout | undefined;
    upstream.on('data', (chunk) => {
      clearTimeout(idle);
      if (fate === 'silence') return;
      if ((fate === 'lose_answer' || fate === 'cut_answer') && passed + chunk.length > cut) {
        if (fate === 'cut_answer') client.end(chunk.subarray(0, cut - passed));
        else client.resetAndDestroy();
        upstream.destroy();
        return;
      }
      passed += chunk.length;
      const pass = () => {
        client.write(chunk);
        idle = setTimeout(() => {
          client.end();
          upstream.end();
        }, IDLE_MS);
      };
      if (fate === 'stall') setTimeout(pass, STALL_MS);
      else pass();
    });
    upstream.on('end', () => {
      if (fate !== 'silence' && fate !== 'stall') client.end();
    });
    // A target that refuses is a fault of its own; the client sees its connection reset.
    upstream.on('error', () => client.resetAndDestroy());
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    met,
    calm(on) {
      calm = on;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
