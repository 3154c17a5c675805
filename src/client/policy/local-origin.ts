/** A marketplace of this package on this machine: play money, so nobody needs to be asked. */
export interface LocalOrigins {
  is(origin: string): Promise<boolean>;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
const LIMIT_MS = 2_000;

/**
 * Recognises the local marketplace by what only it has: it answers `/_local/status`, and it does so on loopback. What
 * stands elsewhere may answer what it likes. Only a yes is remembered: a server may not be up yet.
 */
export function createLocalOrigins(): LocalOrigins {
  const known = new Set<string>();
  return {
    async is(origin) {
      if (known.has(origin)) return true;
      const { hostname, protocol } = new URL(origin);
      if (protocol !== 'http:' || !LOOPBACK.test(hostname)) return false;
      try {
        const answer = await fetch(`${origin}/_local/status`, {
          redirect: 'error',
          signal: AbortSignal.timeout(LIMIT_MS),
        });
        const status = answer.ok ? ((await answer.json()) as Record<string, unknown> | null) : null;
        if (typeof status?.virtual_time !== 'string') return false;
      } catch {
        return false;
      }
      known.add(origin);
      return true;
    },
  };
}
