import { attachServers } from '#runner/attach-servers.ts';
import { openRunner } from '#runner/open-runner.ts';
import { createDocsLibrary } from '#server/docs-library.ts';
import { describeFlags, oneOf, parseFlags, wholeNumber } from '../flags.ts';
import { handlerFlags, loadAgent, openHandlers } from './load-agent.ts';
import { reloadOnChange } from './reload-on-change.ts';
import { explainFailure, supervise } from './supervise.ts';

export const runFlags = {
  config: {
    type: 'string',
    value: 'FILE',
    summary: 'Settings; the agent lives in the folder of this file',
    default: '.env',
  },
  ...handlerFlags,
  'webhook-port': { type: 'string', value: 'PORT', summary: 'Take webhooks on 127.0.0.1; needs SOTA_WEBHOOK_SECRET' },
  'webhook-bare': { type: 'boolean', summary: 'Also take bare hex signatures, which anyone who saw one can replay' },
  'health-port': { type: 'string', value: 'PORT', summary: 'Serve /healthz, /readyz, /metrics, /invoke on 127.0.0.1' },
  concurrency: { type: 'string', value: 'N', summary: 'Jobs worked on at once', default: '1' },
  grace: { type: 'string', value: 'SECONDS', summary: 'How long an end waits for what is running', default: '25' },
  'on-drain': {
    type: 'string',
    value: 'WHAT',
    summary: 'Jobs an end interrupts: report gives them back, leave keeps them for the next start',
    default: 'report',
  },
  'no-review': { type: 'boolean', summary: 'Do not request the review when all tests have passed' },
  watch: { type: 'boolean', summary: 'Load the handler file anew when it changes; not for production' },
  once: { type: 'boolean', summary: 'Look once, do what is there, end' },
  help: { type: 'boolean', summary: 'Show this text' },
} as const;

const help = `Usage: sota-runner run [options]

Runs the agent in this folder: passes its tests, bids, works, delivers, until it is told to stop.

${describeFlags(runFlags)}`;

export const command = {
  name: 'run',
  summary: 'Run the agent',
  async run(argv: readonly string[]): Promise<number> {
    const values = parseFlags(argv, runFlags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    const concurrency = wholeNumber('concurrency', values.concurrency ?? runFlags.concurrency.default, 1, 1_000);
    const graceMs = wholeNumber('grace', values.grace ?? runFlags.grace.default, 0, 86_400) * 1000;
    const onDrain = oneOf('--on-drain', values['on-drain'] ?? runFlags['on-drain'].default, ['report', 'leave']);
    const port = (name: 'webhook-port' | 'health-port') => {
      const text = values[name];
      return text === undefined ? undefined : wholeNumber(name, text, 0, 65_535);
    };
    const ports = { webhookPort: port('webhook-port'), healthPort: port('health-port') };
    const closing: (() => Promise<void>)[] = [];
    try {
      const agent = loadAgent(values.config);
      const { folder, settings, log } = agent;
      const { host: handlers, watched } = await openHandlers(agent, values);
      const requestReview = values['no-review'] !== true;
      const options = { folder, settings, handlers, log, concurrency, graceMs, onDrain, requestReview };
      const opened = await openRunner({ ...options, docs: createDocsLibrary() });
      closing.push(opened.close);
      const servers = await attachServers(opened.runner, {
        ...ports,
        webhookSecrets: settings.webhookSecrets,
        allowBareSignatures: values['webhook-bare'],
        statePath: opened.statePath,
        log,
      });
      closing.push(servers.close);
      const { webhookUrl: webhooks, healthUrl: health } = servers;
      const where = { ...(webhooks && { webhooks }), ...(health && { health }) };
      log.info('working', {
        agent: opened.runner.agentId,
        marketplace: settings.apiUrl,
        handler: handlers.title,
        ...where,
      });
      if (values.watch && watched) closing.push(reloadOnChange(watched, opened.runner, log));
      opened.runner.start();
      return await supervise(opened.runner, values.once ? opened.runner.oneRound() : undefined);
    } catch (error) {
      return explainFailure('run', error);
    } finally {
      for (const close of closing.reverse()) await close();
    }
  },
};
