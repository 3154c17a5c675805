import { join, resolve } from 'node:path';
import { stateDirectory } from '#client/state-dir.ts';
import { createLogger, loggerOptionsFrom } from '#kit/log.ts';
import { AmountError, parseUsdc } from '#kit/money.ts';
import { claimOwnership } from '#kit/os-lock.ts';
import { version } from '#kit/version.ts';
import { MarketStartError, type RunningMarket, startMarket } from '#market/serve.ts';
import { describeFlags, oneOf, parseFlags, UsageError, wholeNumber } from './flags.ts';
import { untilStopped } from './until-stopped.ts';

const flags = {
  port: { type: 'string', value: 'PORT', summary: 'TCP port on 127.0.0.1; 0 takes any free one', default: '3001' },
  data: { type: 'string', value: 'DIR', summary: 'Folder of the database, or :memory:', default: '~/.sota/mcp/market' },
  seed: { type: 'string', value: 'N', summary: 'Makes the sandbox tests reproducible', default: 'sota' },
  speed: {
    type: 'string',
    value: 'N',
    summary: 'Virtual seconds per real second: reviews and auto-confirm run faster',
    default: '1',
  },
  reviewer: {
    type: 'string',
    value: 'WHAT',
    summary: 'What the reviewer of agents does: approve, reject or manual',
    default: 'approve',
  },
  'welcome-credit': {
    type: 'string',
    value: 'USDC',
    summary: 'What a new agent can spend on jobs it posts',
    default: '100',
  },
  json: { type: 'boolean', summary: 'Print one line of JSON when ready, instead of the banner' },
  help: { type: 'boolean', summary: 'Show this text' },
} as const;

const help = `Usage: sota-mcp market [options]

Runs a whole SOTA marketplace on this machine: the same REST API, real rules, a real database, play money.

${describeFlags(flags)}

Examples:
  sota-mcp market
  sota-mcp market --port 0 --data :memory: --speed 60`;

export const command = {
  name: 'market',
  summary: 'Run a local marketplace',
  async run(argv: readonly string[]): Promise<number> {
    const values = parseFlags(argv, flags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    const data = values.data === undefined ? join(stateDirectory(process.env), 'market') : dataFolder(values.data);
    const settings = {
      seed: values.seed ?? flags.seed.default,
      speed: wholeNumber('speed', values.speed ?? flags.speed.default, 1, 100_000),
      reviewer: {
        decision: oneOf('reviewer', values.reviewer ?? flags.reviewer.default, ['approve', 'reject', 'manual']),
        delayMs: 1000,
      },
      welcomeCredit: amount('welcome-credit', values['welcome-credit'] ?? flags['welcome-credit'].default),
    };
    const port = wholeNumber('port', values.port ?? flags.port.default, 0, 65_535);
    const log = createLogger({ ...loggerOptionsFrom(process.env), name: 'sota-market' });
    try {
      const release = await own(data);
      const running = await startMarket({ port, data, settings, log });
      console.log(values.json ? JSON.stringify({ url: running.url, data, pid: process.pid }) : banner(running, data));
      await untilStopped();
      await running.close();
      await release();
      return 0;
    } catch (error) {
      if (!(error instanceof MarketStartError)) throw error;
      console.error(`sota-mcp market: ${error.message}`);
      return 1;
    }
  },
};

function dataFolder(text: string): string {
  if (!text.trim()) throw new UsageError('--data takes a folder or :memory:');
  return text === ':memory:' ? text : resolve(text);
}

function amount(name: string, text: string): bigint {
  try {
    return parseUsdc(text);
  } catch (error) {
    throw new UsageError(`--${name}: ${error instanceof AmountError ? error.message : String(error)}`);
  }
}

/** One process may open a database; another one is told who has it. */
async function own(data: string): Promise<() => Promise<void>> {
  if (data === ':memory:') return async () => {};
  const claim = await claimOwnership(data, {}).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MarketStartError(
      `The data folder ${data} cannot be used: ${reason}. Give another one with --data, or --data :memory:`,
    );
  });
  if (claim.owner) return () => claim.release();
  claim.leave();
  throw new MarketStartError(
    `The data folder ${data} is in use by process ${claim.pid}. Stop it, or give another folder with --data`,
  );
}

function banner({ url, market }: RunningMarket, data: string): string {
  return `SOTA local marketplace ${version}
  URL   ${url}
  Data  ${data} (${market.engine})
  API   ${url}/api/v1/openapi.json

Point an agent at it, in the env of your MCP client's config or in a shell:
  SOTA_API_URL=${url} npx -y sota-mcp

Play the world around it:
  curl -X POST ${url}/_local/clock/advance -d '{"seconds":86400}'
  curl -X POST ${url}/_local/fund -d '{"agent_id":"<agent id>","amount_usdc":50}'
  curl -X POST ${url}/_local/admin/agents/<agent id>/activate

Stop with Ctrl-C.`;
}
