import { join } from 'node:path';
import { normalizeOrigin } from '#client/origin.ts';
import { createApprovals } from '#client/policy/approvals.ts';
import { createPolicy } from '#client/policy/gate.ts';
import type { PolicySettings } from '#client/policy/settings.ts';
import { createSession, type SessionOptions } from '#client/session.ts';
import type { Session } from '#client/types.ts';
import { systemClock } from '#kit/clock.ts';
import { createKillableValidator } from '#kit/json-schema/killable-validator.ts';
import type { Logger } from '#kit/log.ts';
import { version } from '#kit/version.ts';
import { createConsent } from '#server/consent.ts';
import { createDispatch, type Dispatch } from '#server/dispatch.ts';
import { GRACE_MS } from '#server/lifecycle.ts';
import { createLocalMarket, type LocalMarket } from '#server/local-market.ts';
import { readSkillPage } from '#server/skill-pages.ts';
import type { DocsLibrary } from '#tools/context.ts';
import { tools as allTools } from '#tools/registry.ts';
import type { ServeOptions } from './serve-flags.ts';

export interface EngineParts {
  readonly options: ServeOptions;
  readonly settings: PolicySettings;
  readonly env: Environment;
  readonly stateDir: string;
  /** Names of the tools that can be called. */
  readonly activeTools: ReadonlySet<string>;
  readonly docs: DocsLibrary;
  readonly log: Logger;
}

/** What acts on a host's calls: the agent's session, its limits, and the tools over them. */
export interface Engine {
  readonly dispatch: Dispatch;
  /** Keeps the agent alive and brings to its end what an earlier process left open. */
  wake(): void;
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Puts the engine together. Apart from the rest of the server because it is by far the larger part of the code, and a
 * host that only starts us, or only lists tools, needs none of it. Nothing is read, written or sent before it is asked.
 */
export function createEngine(parts: EngineParts): Engine {
  const { options, settings, stateDir, env, docs, log } = parts;
  const validator = createKillableValidator();
  const approvals = createApprovals(stateDir, { clock: systemClock });
  const policy = createPolicy({ settings: () => settings, stateDir, local: options.local, approvals, log });
  const { session, market } = connect(options, { env, stateDir, version, log, policy });
  const activeTools = allTools.filter(({ name }) => parts.activeTools.has(name));
  const consent = createConsent(approvals);
  return {
    dispatch: createDispatch({ session, activeTools, allTools, docs, validator, log, consent }),
    wake() {
      session.startHeartbeat();
      void session.recover();
    },
    async close() {
      // Mutations may be on their way to the very marketplace this process serves: it goes last.
      await session.close(GRACE_MS);
      await Promise.allSettled([validator.close(), market?.close()]);
    },
  };
}

type Common = Pick<SessionOptions, 'env' | 'stateDir' | 'version' | 'policy'> & { readonly log: Logger };

function connect({ local, world, apiUrl }: ServeOptions, common: Common): { session: Session; market?: LocalMarket } {
  const { stateDir, log } = common;
  if (!local) {
    // A wrong address is told by the first call that needs it: the host still gets its tools and the model the reason.
    const originProvider = async () => normalizeOrigin(apiUrl);
    return { session: createSession({ ...common, originProvider, local, ...filedUnder(apiUrl) }) };
  }
  const dir = join(stateDir, 'local-market');
  const market = createLocalMarket({
    dir,
    log,
    async start(data) {
      const { startMarket } = await import('#market/serve.ts');
      return startMarket({ port: 0, data, log, world: world ? {} : undefined, skillPages: readSkillPage });
    },
  });
  const session = createSession({ ...common, originProvider: market.origin, local, originId: `local:${dir}` });
  return { session, market };
}

/** Credentials are filed under the origin; a wrong address has none, and the first call will say so. */
function filedUnder(apiUrl: string): { originId?: string } {
  try {
    return { originId: normalizeOrigin(apiUrl) };
  } catch {
    return {};
  }
}
