import { join } from 'node:path';
import { normalizeOrigin } from '#client/create-client.ts';
import { createApprovals } from '#client/policy/approvals.ts';
import { loadPolicySettings } from '#client/policy/config-file.ts';
import { createPolicy } from '#client/policy/gate.ts';
import type { PolicySettings } from '#client/policy/settings.ts';
import { createSession, type SessionOptions } from '#client/session.ts';
import { stateDirectory } from '#client/state-dir.ts';
import type { Session } from '#client/types.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { teachPolicy } from '#contract/errors/teach-policy.ts';
import { systemClock } from '#kit/clock.ts';
import { createKillableValidator } from '#kit/json-schema/killable-validator.ts';
import { createLogger, type Logger, loggerOptionsFrom } from '#kit/log.ts';
import { version } from '#kit/version.ts';
import { createAnsweredCalls } from '#server/answered-calls.ts';
import { buildServer } from '#server/build-server.ts';
import { createConsent } from '#server/consent.ts';
import { createDispatch } from '#server/dispatch.ts';
import { createDocsLibrary } from '#server/docs-library.ts';
import { measureDocs } from '#server/docs-resources.ts';
import { guardStdout } from '#server/guard-stdout.ts';
import { GRACE_MS } from '#server/lifecycle.ts';
import { createLocalMarket, type LocalMarket } from '#server/local-market.ts';
import { selectTools } from '#server/profiles.ts';
import { readSkillPage } from '#server/skill-pages.ts';
import { serveOnStdio } from '#server/stdio.ts';
import type { AnyTool } from '#tools/define-tool.ts';
import { tools as allTools } from '#tools/registry.ts';
import { UsageError } from './flags.ts';
import { readServeOptions, type ServeOptions } from './serve-flags.ts';

/**
 * Serves MCP on stdin and stdout until the host goes. Resolves at once; the process lives as long as its stdin. But for
 * the owner's settings, nothing is read, written or sent before the host asks for something.
 * @throws UsageError
 */
export async function serve(argv: readonly string[], env: Environment): Promise<void> {
  const stdout = guardStdout();
  const options = readServeOptions(argv, env);
  const stateDir = stateDirectory(env);
  const settings = await settingsOf(options, env, stateDir);
  const activeTools = toolsOf(options, settings);
  // Hosts show stderr as trouble: in good times there is none.
  const log = createLogger({ level: 'warn', ...loggerOptionsFrom(env) });
  const validator = createKillableValidator();
  const approvals = createApprovals(stateDir, { clock: systemClock });
  const policy = createPolicy({ settings: () => settings, stateDir, local: options.local, approvals, log });
  const { session, market } = connect(options, { env, stateDir, version, log, policy });
  const docs = createDocsLibrary();
  const consent = createConsent(approvals);
  const dispatch = createDispatch({ session, activeTools, allTools, docs, validator, log, consent });
  const answered = createAnsweredCalls();
  serveOnStdio({
    buildServer: async () =>
      buildServer({ tools: activeTools, dispatch, docs, answered, docSizes: await measureDocs(docs) }),
    stdout,
    log,
    onAnswered: answered.answered,
    onConnected() {
      session.startHeartbeat();
      void session.recover();
    },
    async close() {
      await answered.idle();
      // Mutations may be on their way to the very marketplace this process serves: it goes last.
      await session.close(GRACE_MS);
      await Promise.allSettled([validator.close(), market?.close()]);
    },
  });
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What the owner set. A command line can make it narrower and never wider. */
async function settingsOf({ selection }: ServeOptions, env: Environment, stateDir: string): Promise<PolicySettings> {
  try {
    const settings = loadPolicySettings(env, stateDir);
    const wallet = settings.payoutWallet;
    if (wallet !== undefined) {
      const { walletProblem } = await import('#kit/solana-address.ts');
      const problem = walletProblem(wallet);
      if (problem)
        throw teachPolicy.badSetting('SOTA_PAYOUT_WALLET', wallet, `the address of your own wallet; ${problem}`);
    }
    return { ...settings, readOnly: settings.readOnly || selection.readOnly === true };
  } catch (error) {
    throw asUsageError(error);
  }
}

function toolsOf({ selection }: ServeOptions, { readOnly, tools }: PolicySettings): readonly AnyTool[] {
  try {
    return selectTools({ ...selection, tools: selection.tools ?? tools, readOnly }, allTools);
  } catch (error) {
    throw asUsageError(error);
  }
}

function asUsageError(error: unknown): unknown {
  return error instanceof SotaError ? new UsageError(`${error.message} ${error.fix}`) : error;
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
