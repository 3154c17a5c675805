/**
 * The way out through a company's proxy. Node's own fetch looks at no proxy variable before Node 24, so where one is
 * set for the address, the request goes through a tunnel; what makes it is loaded then and not before.
 *
 * Certificates of a company's own authority (NODE_EXTRA_CA_CERTS) are read by Node itself when it starts.
 */
import type { Tunnel } from './tunnel.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface ProxyChoice {
  /** The proxy requests to this address go through; undefined: straight. */
  readonly proxy: string | undefined;
  /** The variable that decided. */
  readonly variable?: string;
  /** Why the proxy of that variable cannot be used. */
  readonly problem?: string;
}

/**
 * Which proxy the environment names for an address. Lower case wins, as in curl; NO_PROXY takes names, their
 * subdomains, `*`, and a port after a colon.
 * @example proxyFor('https://api.sota.market', { HTTPS_PROXY: 'http://proxy:3128' }).proxy // 'http://proxy:3128'
 */
export function proxyFor(address: string, env: Environment): ProxyChoice {
  const { protocol, hostname, port } = new URL(address);
  const names = protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
  const variable = names.find((name) => env[name]?.trim());
  const value = variable === undefined ? undefined : env[variable]?.trim();
  if (variable === undefined || value === undefined) return { proxy: undefined };
  const exempt = ['no_proxy', 'NO_PROXY'].find((name) => env[name]?.trim());
  const effectivePort = port || (protocol === 'https:' ? '443' : '80');
  if (isLoopback(hostname)) return { proxy: undefined, variable: 'the address is on this machine' };
  if (exempt && isExempt(hostname, effectivePort, env[exempt] ?? '')) return { proxy: undefined, variable: exempt };
  try {
    const url = new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(value) ? value : `http://${value}`);
    if (url.protocol === 'http:' || url.protocol === 'https:') return { proxy: url.href, variable };
    return { proxy: undefined, variable, problem: `${url.protocol.slice(0, -1)} proxies are not supported` };
  } catch {
    return { proxy: undefined, variable, problem: 'it is not an address' };
  }
}

/** A rehearsal on this machine must never leave it, whatever a proxy variable says. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || /^127\./.test(hostname) || hostname === '[::1]';
}

function isExempt(hostname: string, port: string, list: string): boolean {
  return list
    .split(/[\s,]+/)
    .filter(Boolean)
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = '', wantedPort] = /^\*?\.?(.+?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
      if (wantedPort !== undefined && wantedPort !== port) return false;
      return hostname.toLowerCase() === name || hostname.toLowerCase().endsWith(`.${name}`);
    });
}

let sending: Promise<typeof globalThis.fetch> | undefined;

/** The fetch to use in this environment. Without a proxy variable it is Node's own. */
export function proxyFetch(env: Environment = process.env): Promise<typeof globalThis.fetch> {
  sending ??= createProxyFetch(env);
  return sending;
}

/** As `proxyFetch`, without remembering. */
export async function createProxyFetch(env: Environment): Promise<typeof globalThis.fetch> {
  const named = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY'].some((name) => env[name]?.trim());
  if (!named) return globalThis.fetch;
  const { openTunnel } = await import('./tunnel.ts');
  const tunnels = new Map<string, Tunnel>();
  const throughProxy = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const address = input instanceof Request ? input.url : String(input);
    const { proxy } = proxyFor(address, env);
    if (proxy === undefined) return await globalThis.fetch(input, init);
    const tunnel = tunnels.get(proxy) ?? openTunnel(proxy);
    tunnels.set(proxy, tunnel);
    const request = new Request(input, init);
    const { method, headers, signal } = request;
    const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
    return await tunnel(new URL(address), { method, headers, body, signal });
  };
  return throughProxy as typeof globalThis.fetch;
}
