import { createServer } from 'node:net';
import { basename } from 'node:path';
import { parseUsdc } from '#kit/money.ts';
import { MarketStartError } from '#market/open-place.ts';
import { attachServers } from '#runner/attach-servers.ts';
import { type DevMarket, devFolder, startDevMarket } from '#runner/dev/dev-market.ts';
import { feedLine } from '#runner/dev/feed.ts';
import type { RequesterEvent } from '#runner/dev/local-requester.ts';
import type { RunnerEvent } from '#runner/events.ts';
import { type OpenRunner, openRunner, openSession } from '#runner/open-runner.ts';
import { claimRunner } from '#runner/state/state-folder.ts';
import { createDocsLibrary } from '#server/docs-library.ts';
import { describeFlags, parseFlags, wholeNumber } from '../flags.ts';
import { handlerFlags, loadAgent, openHandlers } from './load-agent.ts';
import { reloadOnChange } from './reload-on-change.ts';
import { explainFailure, supervise } from './supervise.ts';

const flags = {
  config: {
    type: 'string',
    value: 'FILE',
    summary: 'Settings; the agent lives in the folder of this file',
    default: '.env',
  },
  ...handlerFlags,
  port: {
    type: 'string',
    value: 'PORT',
    summary: 'Port of /invoke, /healthz and /metrics; 0 takes any free one',
    default: '8080',
  },
  'market-port': {
    type: 'string',
    value: 'PORT',
    summary: 'Port of the marketplace; 0 takes any free one',
    default: '0',
  },
  'no-market': { type: 'boolean', summary: 'Use the marketplace of the settings instead' },
  concurrency: { type: 'string', value: 'N', summary: 'Jobs worked on at once', default: '2' },
  'job-every': { type: 'string', value: 'SECONDS', summary: 'How often a job is posted; 0 posts one', default: '20' },
  'until-paid': { type: 'boolean', summary: 'End after the first payment' },
  help: { type: 'boolean', summary: 'Show this text' },
} as const;

const help = `Usage: sota-runner dev [options]

Starts a marketplace on this machine, registers the agent there, and runs it: it passes its tests, is reviewed, and gets
jobs that are judged and paid, in play money. The handler is loaded anew whenever it is saved.

${describeFlags(flags)}`;

const DEV_POLL_MS = 500;
/** One that every template answers. */
const SAMPLE_JOB = JSON.stringify({
  description: 'Say hello',
  expected_schema: { type: 'object', required: ['hello'], properties: { hello: { type: 'string' } } },
});

export const command = {
  name: 'dev',
  summary: 'Run the agent against a marketplace on this machine',
  async run(argv: readonly string[]): Promise<number> {
    const values = parseFlags(argv, flags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    const marketPort = wholeNumber('market-port', values['market-port'] ?? flags['market-port'].default, 0, 65_535);
    const port = wholeNumber('port', values.port ?? flags.port.default, 0, 65_535);
    const concurrency = wholeNumber('concurrency', values.concurrency ?? flags.concurrency.default, 1, 1_000);
    const jobEveryMs = wholeNumber('job-every', values['job-every'] ?? flags['job-every'].default, 0, 86_400) * 1000;
    const closing: (() => Promise<void>)[] = [];
    try {
      // The feed tells what happens; the log is left with what it does not show.
      const agent = loadAgent(values.config, 'error');
      const { host: handlers, watched } = await openHandlers(agent, values);
      const print = (event: RunnerEvent | RequesterEvent) => {
        const line = feedLine(event, healthUrl);
        if (line !== undefined) console.log(`${new Date().toTimeString().slice(0, 8)} ${line}`);
      };
      let healthUrl: string | undefined;
      let paid = () => {};
      const firstPayment = new Promise<void>((resolve) => {
        paid = resolve;
      });
      let market: DevMarket | undefined;
      let { folder, settings } = agent;
      if (!values['no-market']) {
        closing.push(await claimRunner(`${devFolder(folder)}/lock`, `dev in ${folder}`));
        market = await startDevMarket(folder, {
          port: marketPort,
          declared: handlers.declared(),
          name: basename(folder),
          log: agent.log,
          emit(event) {
            print(event);
            if (event.type === 'paid' && parseUsdc(event.usdc) > 0n) paid();
          },
        });
        closing.push(market.close);
        settings = { ...settings, apiUrl: market.url, env: { SOTA_HOME: market.home }, pollIntervalMs: DEV_POLL_MS };
        folder = devFolder(folder);
        const session = openSession(settings, { log: agent.log, originId: market.originId });
        await market.register(session);
        await session.close();
        console.log(`Marketplace ${market.url}, agent ${market.agent.name}, tags ${market.agent.tags.join(', ')}`);
        console.log(`Handler ${handlers.title}, taken anew when it is saved. Stop with Ctrl-C.\n`);
      }
      const opened = await openRunner({
        folder,
        settings,
        handlers,
        log: agent.log,
        concurrency,
        docs: createDocsLibrary(),
        ...(market && { originId: market.originId }),
      });
      closing.push(opened.close);
      const servers = await attachServers(opened.runner, {
        // Somebody else's program may have the usual port; only a port that was asked for is insisted on.
        healthPort: values.port === undefined ? await freeOr(port) : port,
        webhookSecrets: [],
        statePath: opened.statePath,
        log: agent.log,
      });
      closing.push(servers.close);
      healthUrl = servers.healthUrl;
      console.log(`Try a job: curl ${healthUrl}/invoke -d '${SAMPLE_JOB}'\n`);
      closing.push(follow(opened, print, market, jobEveryMs));
      if (watched) {
        closing.push(reloadOnChange(watched, opened.runner, agent.log, (text) => console.log(`         *  ${text}`)));
      }
      opened.runner.start();
      return await supervise(opened.runner, values['until-paid'] ? firstPayment : undefined);
    } catch (error) {
      if (!(error instanceof MarketStartError)) return explainFailure('dev', error);
      console.error(`sota-runner dev: ${error.message}`);
      return 1;
    } finally {
      for (const close of closing.reverse()) await close();
    }
  },
};

/** Shows what happens, and opens the marketplace for business once the agent is active. */
function follow(
  { runner }: OpenRunner,
  print: (event: RunnerEvent) => void,
  market: DevMarket | undefined,
  jobEveryMs: number,
): () => Promise<void> {
  let opening: Promise<void> | undefined;
  const off = runner.on((event) => {
    print(event);
    if (event.type === 'mode' && event.mode === 'active') opening ??= market?.openForBusiness(jobEveryMs);
  });
  return async () => {
    off();
    await opening;
  };
}

/** The port where it is free, else 0 for any. */
function freeOr(port: number): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(0));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(port)));
  });
}
