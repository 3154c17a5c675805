import { join } from 'node:path';
import { createClient } from '#client/create-client.ts';
import { type CredentialsStore, createCredentialsStore } from '#client/credentials.ts';
import { loadRoutes } from '#client/load-routes.ts';
import { normalizeOrigin } from '#client/origin.ts';
import { createOwnerStore, type OwnerStore, ownerTokenOf } from '#client/owner-store.ts';
import { createSession } from '#client/session.ts';
import type { Session, SotaClient } from '#client/types.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { createLogger, loggerOptionsFrom } from '#kit/log.ts';
import { stateDirectory } from '#kit/state-dir.ts';
import { version } from '#kit/version.ts';
import { createLocalMarket } from '#server/local-market.ts';
import { readServeOptions, serveFlags } from '../serve-flags.ts';
import { environment } from '../settings.ts';

/** The flags of every command that talks to a marketplace. */
export const accountFlags = {
  local: serveFlags.local,
  'api-url': serveFlags['api-url'],
  json: { type: 'boolean', summary: 'Print one line of JSON' },
  help: { type: 'boolean', summary: 'Show this text' },
} as const;

/** This machine's standing with one marketplace. */
export interface Account {
  readonly session: Session;
  /** Without an agent's key, for operations of owners and of nobody in particular. */
  readonly client: SotaClient;
  readonly credentials: CredentialsStore;
  readonly owners: OwnerStore;
  /** What credentials are filed under. */
  readonly originId: string;
  readonly local: boolean;
  close(): Promise<void>;
}

const CLOSE_MS = 2_000;

/**
 * Opens the marketplace a command line names; nothing is read or sent before the first use.
 * @throws UsageError, or SotaError where the address is none
 */
export function openAccount(values: {
  readonly local?: boolean | undefined;
  readonly 'api-url'?: string | undefined;
}): Account {
  const env = environment();
  const argv = [
    ...(values.local ? ['--local'] : []),
    ...(values['api-url'] === undefined ? [] : ['--api-url', values['api-url']]),
  ];
  const { local, apiUrl } = readServeOptions(argv, env);
  const stateDir = stateDirectory(env);
  const log = createLogger({ level: 'warn', ...loggerOptionsFrom(env) });
  const dir = join(stateDir, 'local-market');
  const market = local
    ? createLocalMarket({
        dir,
        log,
        start: async (data) => (await import('#market/serve.ts')).startMarket({ port: 0, data, log }),
      })
    : undefined;
  const originId = market ? `local:${dir}` : normalizeOrigin(apiUrl);
  const origin = market ? market.origin : async () => originId;
  const session = createSession({ originProvider: origin, local, env, stateDir, originId, version, log });
  const owners = createOwnerStore(stateDir);
  const client = createClient({
    origin,
    originId,
    version,
    log,
    ownerToken: () => ownerTokenOf(owners, originId),
    ...(local ? {} : { routes: (at: string) => loadRoutes(stateDir, at) }),
  });
  return {
    session,
    client,
    credentials: createCredentialsStore(stateDir, log),
    owners,
    originId,
    local,
    async close() {
      await Promise.allSettled([session.close(CLOSE_MS), client.close(CLOSE_MS)]);
      await market?.close();
    },
  };
}

/** The marketplace in words. */
export function placeOf({ local, originId }: Pick<Account, 'local' | 'originId'>): string {
  return local ? `the local marketplace (${originId.replace(/^local:/, '')})` : originId;
}

/**
 * Throws where this machine is no agent. Asking who one is registers an agent on the local marketplace, and a command
 * that only looks must not be what registers.
 * @throws SotaError `no_api_key`
 */
export function requireAgent({ session }: Account): void {
  const problem = session.keyProblem();
  if (problem) throw problem;
  if (session.known()) return;
  throw new SotaError({
    code: 'no_api_key',
    message: 'No agent is registered on the local marketplace yet. Nothing was sent.',
    fix: 'Register one with sota-mcp register --local; a server with --local also does it when it first needs one.',
  });
}

/** Opens, works, closes whatever happens. */
export async function withAccount<T>(
  values: Parameters<typeof openAccount>[0],
  work: (account: Account) => Promise<T>,
): Promise<T> {
  const account = openAccount(values);
  try {
    return await work(account);
  } finally {
    await account.close();
  }
}
