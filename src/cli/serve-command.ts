import { loadPolicySettings } from '#client/policy/config-file.ts';
import type { PolicySettings } from '#client/policy/settings.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { teachPolicy } from '#contract/errors/teach-policy.ts';
import { createLogger, loggerOptionsFrom } from '#kit/log.ts';
import { stateDirectory } from '#kit/state-dir.ts';
import { createAnsweredCalls } from '#server/answered-calls.ts';
import { buildServer } from '#server/build-server.ts';
import { catalogue } from '#server/built-catalogue.ts';
import type { CatalogueTool } from '#server/catalogue.ts';
import { createDocsLibrary } from '#server/docs-library.ts';
import { guardStdout } from '#server/guard-stdout.ts';
import { selectTools } from '#server/profiles.ts';
import { serveOnStdio } from '#server/stdio.ts';
import { UsageError } from './flags.ts';
import type { Engine } from './serve-engine.ts';
import { readServeOptions, type ServeOptions } from './serve-flags.ts';

/**
 * Serves MCP on stdin and stdout until the host goes. Resolves at once; the process lives as long as its stdin. Hosts
 * start servers often and wait for them, so this module and all it imports is only what the first answers take: who
 * calls a tool, or stays for a second, gets the engine loaded. But for the owner's settings, nothing is read, written or
 * sent before the host asks for something.
 * @throws UsageError
 */
export async function serve(argv: readonly string[], env: Environment): Promise<void> {
  const stdout = guardStdout();
  const options = readServeOptions(argv, env);
  const stateDir = stateDirectory(env);
  const settings = await settingsOf(options, env, stateDir);
  const tools = toolsOf(options, settings);
  // Hosts show stderr as trouble: in good times there is none.
  const log = createLogger({ level: 'warn', ...loggerOptionsFrom(env) });
  const docs = createDocsLibrary();
  const answered = createAnsweredCalls();

  let loading: Promise<Engine> | undefined;
  const engine = () => {
    loading ??= import('./serve-engine.ts').then(({ createEngine }) => {
      const activeTools = new Set(tools.map(({ name }) => name));
      return createEngine({ options, settings, env, stateDir, activeTools, docs, log });
    });
    return loading;
  };
  const dispatch = async (call: Parameters<Engine['dispatch']>[0]) => (await engine()).dispatch(call);

  serveOnStdio({
    buildServer: () => buildServer({ catalogue, tools, dispatch, docs, answered }),
    stdout,
    log,
    onAnswered: answered.answered,
    async onConnected() {
      // Before the engine is there, so that what is kept is what a start takes, and no more has to be read.
      const { keepCompiledCode } = await import('#kit/keep-compiled.ts');
      await keepCompiledCode();
      (await engine()).wake();
    },
    async close() {
      await answered.idle();
      await (await loading)?.close();
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

function toolsOf({ selection }: ServeOptions, { readOnly, tools }: PolicySettings): readonly CatalogueTool[] {
  try {
    return selectTools({ ...selection, tools: selection.tools ?? tools, readOnly }, catalogue.tools);
  } catch (error) {
    throw asUsageError(error);
  }
}

function asUsageError(error: unknown): unknown {
  return error instanceof SotaError ? new UsageError(`${error.message} ${error.fix}`) : error;
}
