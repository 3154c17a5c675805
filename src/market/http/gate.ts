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

const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/**
 * Lets a request in, or refuses it.
 *
 * A page of the web can make its visitor's browser call this machine: by a name of its own that it points at 127.0.0.1
 * (DNS rebinding), which shows in the Host header, or by a plain form, which shows in Origin. Neither may act here. There
 * are no CORS headers anywhere for the same reason.
 * @param path of the operation, or of the request where it meets none
 * @returns scheme, host and port for links in answers
 * @throws Refusal forbidden
 */
export function passGate(access: Access, path: string, url: URL, headers: Headers): string {
  const host = headers.get('host') ?? url.host;
  if (access.reach === 'loopback' && !LOOPBACK_HOST.test(host)) {
    refuse('forbidden', 'This marketplace answers on loopback only: use http://127.0.0.1 with its port');
  }
  const own = access.publicUrl === undefined ? url.origin : new URL(access.publicUrl).origin;
  const origin = headers.get('origin');
  if (origin !== null && origin !== own && origin !== url.origin) {
    refuse('forbidden', 'Pages of other origins may not call this marketplace');
  }
  if (path.startsWith('/_local') && access.adminToken !== undefined) {
    const given = headers.get(ADMIN_TOKEN_HEADER) ?? '';
    if (!constantTimeEqual(given, access.adminToken)) {
      refuse('forbidden', `/_local needs the admin token that was printed at the start, in ${ADMIN_TOKEN_HEADER}`);
    }
  }
  return own;
}
