import type { IncomingMessage } from 'node:http';

/**
 * Where a request comes from, for rate limits; undefined for one made inside this process. Forwarding headers are not
 * read: anybody can write them. Behind a proxy all callers share the proxy's limit.
 */
export function clientAddress(env: unknown): string | undefined {
  const incoming = (env as { incoming?: IncomingMessage } | undefined)?.incoming;
  return incoming?.socket.remoteAddress?.replace(/^::ffff:/, '');
}
