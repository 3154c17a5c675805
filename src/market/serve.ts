import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { systemClock } from '#kit/clock.ts';
import { randomToken } from '#kit/hash.ts';
import { faultyFetch } from './faults/faulty-fetch.ts';
import { type Access, isLoopback } from './http/gate.ts';
import type { Market, MarketParts } from './market.ts';
import { silentLog } from './market-log.ts';
import { MarketStartError, openMarket, type Place } from './open-place.ts';
import { createJobFeed } from './realtime/job-feed.ts';
import { serveRealtime } from './realtime/serve-realtime.ts';
import { defaultWebhookSettings } from './webhooks/webhook-settings.ts';

export type StartOptions = Place & ServeOptions;

export interface ServeOptions extends Omit<MarketParts, 'access'> {
  /** TCP port; 0 takes any free one. */
  readonly port: number;
  /** Address to listen on, 127.0.0.1 unless stated. On any but a loopback one, `/_local` asks for the admin token. */
  readonly host?: string | undefined;
  /** The admin token where one is needed; a fresh one is made unless stated. */
  readonly adminToken?: string | undefined;
  /** Where others reach this marketplace, for links in answers and letters. */
  readonly publicUrl?: string | undefined;
  readonly limits?: ServerLimits;
}

export interface RunningMarket {
  /** For example http://127.0.0.1:3001 */
  readonly url: string;
  readonly market: Market;
  /** What `/_local` asks for, where it asks. */
  readonly adminToken?: string | undefined;
  close(): Promise<void>;
}

/** How long a request may take to arrive, in milliseconds. A client that dribbles must not hold a connection for ever. */
export interface ServerLimits {
  readonly headersMs: number;
  readonly requestMs: number;
}

const defaultLimits: ServerLimits = { headersMs: 10_000, requestMs: 60_000 };
const MAX_HEADER_BYTES = 16 * 1024;

const LOOPBACK = '127.0.0.1';

/**
 * Starts a marketplace, on loopback unless told otherwise.
 * @throws MarketStartError
 * @example const { url, close } = await startMarket({ port: 0, data: ':memory:' });
 */
export async function startMarket(start: StartOptions): Promise<RunningMarket> {
  const { port, host = LOOPBACK, adminToken, publicUrl, limits = defaultLimits, ...options } = start;
  const access = accessOf(host, adminToken, publicUrl);
  const settings = { webhooks: webhooksFor(access), ...options.settings };
  const market = await openMarket({ ...options, settings, access });
  try {
    const server = await listen(market, { port, host, limits });
    const { port: bound } = server.address() as AddressInfo;
    // Whatever clock the marketplace runs on, listeners sit at real sockets.
    const feed = createJobFeed(market.db, systemClock, options.log ?? silentLog);
    const hangUp = serveRealtime(server, feed, access);
    return {
      url: `http://${reachable(host)}:${bound}`,
      market,
      ...(access.adminToken === undefined ? {} : { adminToken: access.adminToken }),
      async close() {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        server.closeAllConnections();
        hangUp();
        await closed;
        await feed.close();
        await market.close();
      },
    };
  } catch (error) {
    await market.close();
    throw error;
  }
}

function accessOf(host: string, adminToken: string | undefined, publicUrl: string | undefined): Access {
  if (isLoopback(host)) return { reach: 'loopback', publicUrl };
  return { reach: 'network', adminToken: adminToken ?? randomToken('admin_'), publicUrl };
}

/** Strangers must not make this machine call what stands around it. */
function webhooksFor({ reach }: Access) {
  return { ...defaultWebhookSettings, targets: reach === 'loopback' ? ('local' as const) : ('public' as const) };
}

/** Listening everywhere includes this machine, and `0.0.0.0` is no address to call. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return LOOPBACK;
  return host.includes(':') ? `[${host}]` : host;
}

type HttpServer = import('node:http').Server;

function listen(
  market: Market,
  { port, host, limits }: { port: number; host: string; limits: ServerLimits },
): Promise<HttpServer> {
  return new Promise((resolve, reject) => {
    const server = serve(
      {
        fetch: faultyFetch(market.app.fetch, market.context.faults),
        port,
        hostname: host,
        overrideGlobalObjects: false,
        serverOptions: {
          maxHeaderSize: MAX_HEADER_BYTES,
          headersTimeout: limits.headersMs,
          requestTimeout: limits.requestMs,
          // Node looks for overdue connections at this interval, and every 30 s unless told otherwise.
          connectionsCheckingInterval: Math.min(1000, limits.headersMs),
        },
      },
      () => resolve(server as HttpServer),
    ) as HttpServer;
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        new MarketStartError(
          taken
            ? `Port ${port} is taken. Give another one with --port, or --port 0 for any free one`
            : `Cannot listen on ${host} port ${port}: ${error.message}`,
          {
            cause: error,
          },
        ),
      );
    });
  });
}
