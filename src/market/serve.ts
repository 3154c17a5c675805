import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { createMarket, type Market, type MarketOptions } from './market.ts';

export interface StartOptions extends Omit<MarketOptions, 'file'> {
  /** TCP port; 0 takes any free one. */
  readonly port: number;
  /** Folder of the database, or `:memory:`. The caller owns the folder: two processes must not open one database. */
  readonly data: string;
}

export interface RunningMarket {
  /** For example http://127.0.0.1:3001 */
  readonly url: string;
  readonly market: Market;
  close(): Promise<void>;
}

/** The port is taken, or the data folder cannot be used; `message` says which and what to do. */
export class MarketStartError extends Error {
  override readonly name = 'MarketStartError';
}

const LOOPBACK = '127.0.0.1';

/**
 * Starts a marketplace on loopback.
 * @throws MarketStartError
 * @example const { url, close } = await startMarket({ port: 0, data: ':memory:' });
 */
export async function startMarket({ port, data, ...options }: StartOptions): Promise<RunningMarket> {
  const market = await openMarket(data, options);
  try {
    const server = await listen(market, port);
    const { port: bound } = server.address() as AddressInfo;
    return {
      url: `http://${LOOPBACK}:${bound}`,
      market,
      async close() {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        server.closeAllConnections();
        await closed;
        await market.close();
      },
    };
  } catch (error) {
    await market.close();
    throw error;
  }
}

async function openMarket(data: string, options: Omit<MarketOptions, 'file'>): Promise<Market> {
  try {
    if (data !== ':memory:') mkdirSync(data, { recursive: true, mode: 0o700 });
    return await createMarket({ ...options, file: data === ':memory:' ? data : join(data, 'marketplace.db') });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MarketStartError(
      `The data folder ${data} cannot be used: ${reason}. Give another one with --data, or --data :memory:`,
      { cause: error },
    );
  }
}

type HttpServer = import('node:http').Server;

function listen(market: Market, port: number): Promise<HttpServer> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: market.app.fetch, port, hostname: LOOPBACK, overrideGlobalObjects: false }, () =>
      resolve(server as HttpServer),
    ) as HttpServer;
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        new MarketStartError(
          taken
            ? `Port ${port} is taken. Give another one with --port, or --port 0 for any free one`
            : `Cannot listen on port ${port}: ${error.message}`,
          {
            cause: error,
          },
        ),
      );
    });
  });
}
