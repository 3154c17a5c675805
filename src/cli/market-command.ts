import { createLogger, loggerOptionsFrom } from '#kit/log.ts';
import { AmountError, parseUsdc } from '#kit/money.ts';
import { version } from '#kit/version.ts';
import { ADMIN_TOKEN_HEADER } from '#market/http/gate.ts';
import { defaultRateLimits, type RateLimits } from '#market/http/rate-limit.ts';
import { defaultSettings, type MarketSettings } from '#market/market-settings.ts';
import { MarketStartError, nameOf, type Place } from '#market/open-place.ts';
import { type RunningMarket, startMarket } from '#market/serve.ts';
import { readSkillPage } from '#server/skill-pages.ts';
import { describeFlags, oneOf, parseFlags, UsageError, wholeNumber } from './flags.ts';
import { own, placeFlags, placeOf } from './market-place.ts';
import { untilStopped } from './until-stopped.ts';
import { readWorldOptions, worldFlags, worldHelp } from './world-flags.ts';

const flags = {
  port: { type: 'string', value: 'PORT', summary: 'TCP port; 0 takes any free one', default: '3001' },
  host: {
    type: 'string',
    value: 'ADDRESS',
    summary: 'Where to listen; on any but a loopback address, /_local needs the admin token printed at the start',
    default: '127.0.0.1',
  },
  'public-url': { type: 'string', value: 'URL', summary: 'Where others reach it, for links it hands out' },
  ...placeFlags,
  ...worldFlags,
  seed: { type: 'string', value: 'N', summary: 'Makes tests, world and faults reproducible', default: 'sota' },
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
  'registrations-per-minute': {
    type: 'string',
    value: 'N',
    summary: 'Registrations accepted from one address; 0 lifts this and all other rate limits',
    default: '60',
  },
  json: { type: 'boolean', summary: 'Print one line of JSON when ready, instead of the banner' },
  help: { type: 'boolean', summary: 'Show this text' },
} as const;

const help = `Usage: sota-mcp market [options]
       sota-mcp market export FILE | import FILE [options]

Runs a whole SOTA marketplace on this machine: the same REST API, real rules, a real database, play money.

${describeFlags(flags)}

${worldHelp}

Examples:
  sota-mcp market
  sota-mcp market --world --traffic 120 --temper strict
  sota-mcp market --faults 'drop-after deliver 10%; 429=2 list_agent_jobs #3'
  sota-mcp market --port 0 --data :memory: --speed 60
  sota-mcp market --database-url postgres://localhost/sota`;

export const command = {
  name: 'market',
  summary: 'Run a local marketplace',
  async run(argv: readonly string[]): Promise<number> {
    const [first, ...others] = argv;
    if (first === 'export' || first === 'import') {
      return (await import('./market-backup-command.ts')).runBackup(first, others);
    }
    const values = parseFlags(argv, flags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    const place = placeOf(values, process.env);
    const { settings: usual, ...around } = readWorldOptions(values);
    const settings = { ...usual, ...settingsGiven(values, usual) };
    const port = wholeNumber('port', values.port ?? flags.port.default, 0, 65_535);
    const log = createLogger({ ...loggerOptionsFrom(process.env), name: 'sota-market' });
    try {
      const release = await own(place);
      const running = await startMarket({
        ...place,
        ...around,
        port,
        settings,
        log,
        skillPages: readSkillPage,
        ...reach(values),
      });
      console.log(values.json ? readyLine(running, place) : banner(running, place));
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

type Values = ReturnType<typeof parseFlags<typeof flags>>;

/** What the command line says itself; the rest is as the scenario or the marketplace has it. */
function settingsGiven(values: Values, usual: Partial<MarketSettings>): Partial<MarketSettings> {
  const { seed, speed, reviewer } = values;
  const credit = values['welcome-credit'];
  return {
    ...(seed === undefined ? {} : { seed }),
    ...(speed === undefined ? {} : { speed: wholeNumber('speed', speed, 1, 100_000) }),
    ...(reviewer === undefined
      ? {}
      : {
          reviewer: {
            decision: oneOf('--reviewer', reviewer, ['approve', 'reject', 'manual']),
            delayMs: (usual.reviewer ?? defaultSettings.reviewer).delayMs,
          },
        }),
    ...(credit === undefined ? {} : { welcomeCredit: amount('welcome-credit', credit) }),
    rateLimits: rateLimits(values['registrations-per-minute'] ?? flags['registrations-per-minute'].default),
  };
}

/** Who can reach the marketplace. The admin token comes from the environment where several processes are to share one. */
function reach(values: { readonly host: string | undefined; readonly 'public-url': string | undefined }) {
  const publicUrl = values['public-url'];
  if (publicUrl !== undefined && !(URL.canParse(publicUrl) && /^https?:$/.test(new URL(publicUrl).protocol))) {
    throw new UsageError('--public-url takes an address like https://market.example.com');
  }
  return { host: values.host, publicUrl, adminToken: process.env.SOTA_LOCAL_ADMIN_TOKEN || undefined };
}

function rateLimits(text: string): RateLimits {
  const registrationsPerMinute = wholeNumber('registrations-per-minute', text, 0, 1_000_000);
  if (registrationsPerMinute === 0) return { registrationsPerMinute: 0, signInsPerMinute: 0, perEmailPerMinute: 0 };
  return { ...defaultRateLimits, registrationsPerMinute };
}

function amount(name: string, text: string): bigint {
  try {
    return parseUsdc(text);
  } catch (error) {
    throw new UsageError(`--${name}: ${error instanceof AmountError ? error.message : String(error)}`);
  }
}

function readyLine({ url, adminToken }: RunningMarket, place: Place): string {
  return JSON.stringify({
    url,
    data: nameOf(place),
    pid: process.pid,
    ...(adminToken === undefined ? {} : { admin_token: adminToken }),
  });
}

function banner({ url, market, adminToken }: RunningMarket, place: Place): string {
  const header = adminToken === undefined ? '' : ` -H '${ADMIN_TOKEN_HEADER}: ${adminToken}'`;
  return `SOTA local marketplace ${version}
  URL   ${url}
  Data  ${nameOf(place)} (${market.engine})
  API   ${url}/api/v1/openapi.json

Point an agent at it, in the env of your MCP client's config or in a shell:
  SOTA_API_URL=${url} npx -y sota-mcp

Play the world around it:
  curl -X POST${header} ${url}/_local/clock/advance -d '{"seconds":86400}'
  curl -X POST${header} ${url}/_local/fund -d '{"agent_id":"<agent id>","amount_usdc":50}'
  curl -X POST${header} ${url}/_local/admin/agents/<agent id>/activate
  curl${header} ${url}/_local/outbox

Stop with Ctrl-C.`;
}
