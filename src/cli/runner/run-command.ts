import { openRunner } from '#runner/open-runner.ts';
import { createDocsLibrary } from '#server/docs-library.ts';
import { describeFlags, oneOf, parseFlags, wholeNumber } from '../flags.ts';
import { loadAgent, openHandlers } from './load-agent.ts';
import { explainFailure, supervise } from './supervise.ts';

export const runFlags = {
  config: {
    type: 'string',
    value: 'FILE',
    summary: 'Settings; the agent lives in the folder of this file',
    default: '.env',
  },
  handler: { type: 'string', value: 'FILE', summary: 'The handler file', default: 'dispatch.mjs' },
  concurrency: { type: 'string', value: 'N', summary: 'Jobs worked on at once', default: '1' },
  grace: { type: 'string', value: 'SECONDS', summary: 'How long an end waits for what is running', default: '25' },
  'on-drain': {
    type: 'string',
    value: 'WHAT',
    summary: 'Jobs an end interrupts: report gives them back, leave keeps them for the next start',
    default: 'report',
  },
  'no-review': { type: 'boolean', summary: 'Do not request the review when all tests have passed' },
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
    const onDrain = oneOf('on-drain', values['on-drain'] ?? runFlags['on-drain'].default, ['report', 'leave']);
    try {
      const { folder, settings, log } = loadAgent(values.config);
      const handlers = await openHandlers(folder, values.handler);
      const requestReview = values['no-review'] !== true;
      const options = { folder, settings, handlers, log, concurrency, graceMs, onDrain, requestReview };
      const opened = await openRunner({ ...options, docs: createDocsLibrary() });
      log.info('working', { agent: opened.runner.agentId, marketplace: settings.apiUrl, handler: handlers.title });
      opened.runner.start();
      const code = await supervise(opened.runner, values.once ? opened.runner.oneRound() : undefined);
      await opened.close();
      return code;
    } catch (error) {
      return explainFailure('run', error);
    }
  },
};
