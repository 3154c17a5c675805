import { join } from 'node:path';
import { normalizeOrigin } from '#client/create-client.ts';
import { createSession } from '#client/session.ts';
import { stateDirectory } from '#client/state-dir.ts';
import type { Session } from '#client/types.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { createKillableValidator } from '#kit/json-schema/killable-validator.ts';
import { createLogger, type Logger, loggerOptionsFrom } from '#kit/log.ts';
import { version } from '#kit/version.ts';
import { buildServer } from '#server/build-server.ts';
import { createDispatch } from '#server/dispatch.ts';
import { createDocsLibrary } from '#server/docs-library.ts';
import { measureDocs } from '#server/docs-resources.ts';
import { guardStdout } from '#server/guard-stdout.ts';
import { GRACE_MS } from '#server/lifecycle.ts';
import { createLocalMarket, type LocalMarket } from '#server/local-market.ts';
import { selectTools } from '#server/profiles.ts';
import { serveOnStdio } from '#server/stdio.ts';
import type { AnyTool } from '#tools/define-tool.ts';
import { tools as allTools } from '#tools/registry.ts';
import { UsageError } from './flags.ts';
import { readServeOptions, type ServeOptions } from './serve-flags.ts';

/**
 * Serves MCP on stdin and stdout until the host goes. Returns at once; the process lives as long as its stdin. Nothing
 * is read, written or sent before the host asks for something.
 * @throws UsageError
 */
export function serve(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): void {
  const stdout = guardStdout();
  const options = readServeOptions(argv, env);
  const activeTools = toolsOf(options);
  // Hosts show stderr as trouble: in good times there is none.
  const log = createLogger({ level: 'warn', ...loggerOptionsFrom(env) });
  const validator = createKillableValidator();
  const { session, market } = connect(options, env, log);
  const docs = createDocsLibrary();
  const dispatch = createDispatch({ session, activeTools, allTools, docs, validator, log });
  serveOnStdio({
    buildServer: async () => buildServer({ tools: activeTools, dispatch, docs, docSizes: await measureDocs(docs) }),
    stdout,
    log,
    onConnected: () => session.startHeartbeat(),
    async close() {
      // Mutations may be on their way to the very marketplace this process serves: it goes last.
      await session.close(GRACE_MS);
      await Promise.allSettled([validator.close(), market?.close()]);
    },
  });
}

function toolsOf({ selection }: ServeOptions): readonly AnyTool[] {
  try {
    return selectTools(selection, allTools);
  } catch (error) {
    if (error instanceof SotaError) throw new UsageError(`${error.message} ${error.fix}`);
    throw error;
  }
}

function connect(
  { local, apiUrl }: ServeOptions,
  env: Readonly<Record<string, string | undefined>>,
  log: Logger,
): { session: Session; market?: LocalMarket } {
  const stateDir = stateDirectory(env);
  const common = { env, stateDir, version, log };
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
      return startMarket({ port: 0, data, log });
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
