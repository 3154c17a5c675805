import { constantTimeEqual } from '#kit/hash.ts';
import { refuse } from '../rules/refuse.ts';

/**
 * How far a marketplace is open. On loopback whoever can reach it is the person at this machine, or a web page in that
 * person's browser; the pages are kept out. On a network address the callers are strangers, so that playing admin needs
 * a token.
 */
export interface Access {
  /** `loopback`: only names of this machine are answered. `network`: any name. */
  readonly reach: 'loopback' | 'network';
  /** What `/_local` asks for in `X-Local-Admin-Token`; undefined leaves it open. */
  readonly adminToken?: string | undefined;
  /** Where people reach this marketplace, for links; otherwise the address each caller used. */
  readonly publicUrl?: string | undefined;
}

export const loopbackAccess: Access = { reach: 'loopback' };
export const ADMIN_TOKEN_HEADER = 'X-Local-Admin-Token';

const LOOPBACK_NAME = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i;

/** Whether a host name or address is this machine's own, as seen from itself. */
export function isLoopback(host: string): boolean {
  return LOOPBACK_NAME.test(host);
}

/**
 * Lets a request in, or refuses it.
 *
 * A page of the web can make its visitor's browser call this machine: by a name of its own that it points at 127.0.0.1
 * (DNS rebinding), which shows in the Host header, or by a plain form, which shows in Origin. Neither may act here. There
 * are no CORS headers anywhere for the same reason.
 * @param isAdminPath whether the request plays admin
 * @returns scheme, host and port for links in answers
 * @throws Refusal forbidden
 */
export function passGate(access: Access, isAdminPath: boolean, url: URL, headers: Headers): string {
  const host = headers.get('host') ?? url.host;
  if (access.reach === 'loopback' && !isLoopback(host.replace(/:\d{1,5}$/, ''))) {
    refuse('forbidden', 'This marketplace answers on loopback only: use http://127.0.0.1 with its port');
  }
  const own = access.publicUrl === undefined ? url.origin : new URL(access.publicUrl).origin;
  const origin = headers.get('origin');
  if (origin !== null && origin !== own && origin !== url.origin) {
    refuse('forbidden', 'Pages of other origins may not call this marketplace');
  }
  if (isAdminPath && access.adminToken !== undefined) {
    const given = headers.get(ADMIN_TOKEN_HEADER) ?? '';
    if (!constantTimeEqual(given, access.adminToken)) {
      refuse('forbidden', `/_local needs the admin token that was printed at the start, in ${ADMIN_TOKEN_HEADER}`);
    }
  }
  return own;
}
